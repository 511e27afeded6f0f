// History that is imported after live samples: its command says what it teaches nothing of, and what it does is kept.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect, type MapekClient } from "@mapek/client";
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
