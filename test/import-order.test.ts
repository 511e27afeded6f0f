// History that comes after live samples, on each way: whoever brings it learns what it teaches nothing of, and what it does is kept.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect, type MapekClient } from "@mapek/client";
import { headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

const MAPEK = join(import.meta.dirname, "..", "packages", "cli", "src", "main.ts");
const MINUTE_MS = 60_000;

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;
let client: MapekClient;
const folder = mkdtempSync(join(tmpdir(), "mapek-import-"));

beforeAll(async () => {
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url });
  observer = await Observer.connect(server.url);
  client = await connect({ servers: server.url });
});

afterAll(async () => {
  await client?.close();
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** @returns What the command says. */
async function importHistory(metric: string, end: number, ...args: string[]): Promise<string> {
  const rows = Array.from(
    { length: 300 },
    (_, i) => `${end - (300 - i) * MINUTE_MS},${50 + (i % 7)}`,
  );
  const file = join(folder, `${metric}.csv`);
  writeFileSync(file, `timestamp,${metric}\n${rows.join("\n")}\n`);
  const command = [MAPEK, "import", file, "shop", "--nats", server.url, ...args];
  return (await promisify(execFile)(process.execPath, command)).stdout;
}

const samplesOf = async (metric: string): Promise<number> => {
  const [series] = await client.series("shop", { metric });
  return series?.samples ?? 0;
};

test("before live samples nothing is said, after them how many teach nothing", async () => {
  const now = Date.now();
  expect(await importHistory("before", now)).toBe("300 samples of before stored\n");

  await observer.request("mapek.metrics.shop.after", { value: 400, timestamp: now });
  await waitFor("the live sample", async () => (await samplesOf("after")) === 1);
  const said = await importHistory("after", now);
  expect(said).toContain(
    "300 samples of after stored\n300 of them are older than the newest sample",
  );
  await waitFor("what is kept", async () => (await samplesOf("after")) === 301);
  expect(JSON.parse(await importHistory("after", now, "--json"))).toMatchObject({
    not_taught: 300,
  });
});

/** 300 samples a minute apart, the last a minute before the end. */
const rowsUntil = (end: number) =>
  Array.from({ length: 300 }, (_, i) => ({
    value: 50 + (i % 7),
    timestamp: end - (300 - i) * MINUTE_MS,
  }));
const asHistory = headers();
asHistory.set("Mapek-History", "1");

test("history on a metrics subject: the answer says how many teach nothing", async () => {
  const now = Date.now();
  const subject = "mapek.metrics.shop.answered";
  const bring = async (rows: readonly object[]) => {
    const options = { headers: asHistory, timeout: 20_000 };
    return (await observer.nc.request(subject, JSON.stringify(rows), options)).json();
  };
  expect(await bring(rowsUntil(now))).toEqual({ accepted: 300, rejected: [], not_taught: 0 });
  await observer.request(subject, { value: 400, timestamp: now });
  await waitFor("the live sample", async () => (await samplesOf("answered")) === 301);
  const half = rowsUntil(now + 150 * MINUTE_MS).filter(
    ({ timestamp }) => timestamp <= now + MINUTE_MS,
  );
  const others = half.map(({ value, timestamp }) => ({ value, timestamp: timestamp - 1 }));
  const older = others.filter(({ timestamp }) => timestamp < now).length;
  expect(await bring(others)).toEqual({
    accepted: others.length,
    rejected: [],
    not_taught: older,
  });
  expect(older).toBeLessThan(others.length);
});

test("history in many requests at once is taken in as it came", async () => {
  const rows = rowsUntil(Date.now());
  const parts = Array.from({ length: 60 }, (_, i) => rows.slice(5 * i, 5 * i + 5));
  const options = { headers: asHistory, timeout: 20_000 };
  const answers = await Promise.all(
    parts.map(async (part) =>
      (await observer.nc.request("mapek.metrics.shop.many", JSON.stringify(part), options)).json(),
    ),
  );
  for (const answer of answers)
    expect(answer).toEqual({ accepted: 5, rejected: [], not_taught: 0 });
  await waitFor("all of it", async () => (await samplesOf("many")) === 300);
  expect((await client.series("shop", { metric: "many" }))[0]?.not_taught).toBe(0);
});

test("history that is published: its series, the status and a metric tell", async () => {
  const now = Date.now();
  const count = async () => (await client.series("shop", { metric: "silent" }))[0]?.not_taught;
  const toldBefore = await toldByMetric();
  await observer.request("mapek.metrics.shop.silent", { value: 400, timestamp: now });
  await waitFor("the live sample", async () => (await count()) === 0);
  observer.nc.publish("mapek.metrics.shop.silent", JSON.stringify(rowsUntil(now)), {
    headers: asHistory,
  });
  await waitFor("what taught nothing", async () => (await count()) === 300);
  const [learning] = await client.request("learner", "learning", "shop", { metric: "silent" });
  expect(learning).toMatchObject({ points: 301, not_taught: 300 });
  expect((await toldByMetric()) - toldBefore).toBe(300);
  const command = [MAPEK, "status", "--system", "shop", "--nats", server.url];
  const { stdout } = await promisify(execFile)(process.execPath, command);
  expect(stdout).toMatch(/[0-9]+ samples of shop came after newer ones of their series/);
});

async function toldByMetric(): Promise<number> {
  const text = await services.learner.metrics();
  return Number(/^mapek_samples_not_taught\S* (\d+)$/m.exec(text)?.[1]);
}
