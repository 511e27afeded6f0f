// Idle series and short memory, in the real learner: what is forgotten or refused is seen, and replay says the same.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejected } from "@mapek/core/contract";
import { BUCKETS } from "@mapek/runtime";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { expect, onTestFinished, test } from "vitest";
import { learnerLogic } from "../services/learner/src/actor.ts";
import { startTestServer } from "./support/nats.ts";
import { asLines, replay, storedBy } from "./support/replay.ts";
import { ServiceProcess } from "./support/service-process.ts";
import { ANSWER_MS, waitFor } from "./support/wait-for.ts";

const PARTITIONS = 2;

async function openHouse(tuning: object) {
  const folder = mkdtempSync(join(tmpdir(), "mapek-overload-"));
  const config = join(folder, "config.yaml");
  writeFileSync(config, JSON.stringify({ mape_k_tuning: tuning }));
  const server = await startTestServer();
  const nc = await connect({ servers: server.url });
  const env = {
    NATS_URL: server.url,
    MAPEK_PARTITIONS: String(PARTITIONS),
    MAPEK_CONFIG: config,
  };
  const monitor = new ServiceProcess("monitor", env);
  const learner = new ServiceProcess("learner", env);
  onTestFinished(async () => {
    await Promise.all([monitor.end("SIGTERM"), learner.end("SIGTERM")]);
    await nc.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  await monitor.start();
  await learner.start();
  const send = async (subject: string, body: unknown) =>
    (await nc.request(subject, JSON.stringify(body), { timeout: ANSWER_MS })).json();
  const metric = async (name: string) => {
    const lines = (await learner.metrics()).split("\n").filter((line) => line.startsWith(name));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  };
  return { nc, monitor, learner, send, metric };
}

const TAKEN = { accepted: 1, rejected: [] };

test("an idle series is forgotten, its threshold leaves the bucket, and replay from zero gives the same", async () => {
  const { nc, learner, send, metric } = await openHouse({
    self_learning: { idle_series_seconds: 2, learning_window_seconds: 2 },
  });
  const kv = await new Kvm(jetstream(nc)).open(BUCKETS.thresholds);
  for (const name of ["idle", "busy"]) {
    expect(await send(`mapek.metrics.shop.${name}`, { value: 1 })).toEqual(TAKEN);
    const pin = { command: "pin", metric: name, threshold: 5 };
    expect(await send("mapek.control.learner.shop", pin)).toEqual(TAKEN);
  }
  await waitFor("both thresholds", async () => (await kv.get("shop.idle"))?.operation === "PUT");
  expect(await send("mapek.control.learner.shop", { command: "unpin", metric: "idle" })).toEqual(
    TAKEN,
  );
  await waitFor(
    "its threshold is gone",
    async () => (await kv.get("shop.idle"))?.operation === "DEL",
  );
  expect((await kv.get("shop.busy"))?.operation).toBe("PUT");
  await waitFor("it is counted", async () => (await metric("mapek_series_expired_total")) === 1);
  expect(await metric("mapek_series{")).toBe(1);
  expect(await send("mapek.metrics.shop.idle", { value: 1 })).toEqual(TAKEN);
  await waitFor("it is back", async () => (await metric("mapek_series{")) === 2);
  expect(await learner.end("SIGTERM")).toBe(0);
  const { outputs } = await replay(nc, learnerLogic, PARTITIONS);
  expect(asLines(await storedBy(nc, "learner"))).toEqual(asLines(outputs));
  expect(outputs.filter(({ body }) => body === "")).toHaveLength(1);
});

test("a learner whose memory is short learns no new series, and says so", async () => {
  const { nc, learner, send, metric } = await openHouse({});
  await learner.end("SIGTERM");
  const short = new ServiceProcess("learner", {
    NATS_URL: nc.getServer(),
    MAPEK_PARTITIONS: String(PARTITIONS),
    MAPEK_MAX_MEMORY_MB: "60",
  });
  onTestFinished(async () => {
    await short.end("SIGTERM");
  });
  await short.start();
  const closed = async () => {
    const lines = (await short.metrics()).split("\n");
    return lines.some((line) => /^mapek_partitions_closed\{.* 2$/.test(line));
  };
  await waitFor("all partitions are closed to new series", closed);
  const letters = nc.subscribe("mapek.rejected.learner", { max: 1 });
  expect(await send("mapek.metrics.shop.cpu", { value: 1 })).toEqual(TAKEN);
  for await (const { data } of letters)
    expect(rejected.decode(data)).toMatchObject({
      ok: true,
      value: { code: "MAPEK_OVERLOADED", reason: expect.stringContaining("shop/cpu") },
    });
  expect(await short.metrics()).toMatch(/mapek_series_refused_total\{system="shop".*\} 1/);
  await short.end("SIGTERM");
  await learner.start();
  await waitFor("a learner with memory opens them", async () => {
    await send("mapek.metrics.shop.cpu", { value: 1 });
    return (await metric("mapek_series{")) === 1;
  });
});
