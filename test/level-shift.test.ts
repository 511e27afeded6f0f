// A level shift and a lower threshold, seen from outside: samples in, changes and thresholds out.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { BUCKETS } from "@mapek/runtime";
import { Kvm } from "@nats-io/kv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer } from "./support/nats.ts";
import { Observer } from "./support/observer.ts";
import { startServices } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

const STEP_MS = 300_000;
const BEFORE = 10 * 288;
const AFTER = 200;
const SETTINGS = `mape_k_tuning:
  self_learning:
    learning_window_seconds: 2592000
    metrics:
      - match: "shop/latency*"
        thresholds: both
        min_data_points: 150
`;

let server: Awaited<ReturnType<typeof startTestServer>>;
let services: Awaited<ReturnType<typeof startServices>>;
let observer: Observer;

beforeAll(async () => {
  const file = join(mkdtempSync(join(tmpdir(), "mapek-shift-")), "settings.yaml");
  writeFileSync(file, SETTINGS);
  server = await startTestServer();
  services = await startServices({ NATS_URL: server.url, MAPEK_CONFIG: file });
  observer = await Observer.connect(server.url);
});

afterAll(async () => {
  await observer?.[Symbol.asyncDispose]();
  await services?.[Symbol.asyncDispose]();
  await server?.stop();
});

test("samples at a new level: a change, a provisional recommendation, then thresholds of both sides", async () => {
  // Far enough back for all that is published until the thresholds have followed.
  const start = Date.now() - 100 * 86_400_000;
  const samples = (from: number, to: number, level: number) =>
    Array.from({ length: to - from }, (_, i) => ({
      value: level + (((from + i) * 7) % 9),
      timestamp: start + (from + i) * STEP_MS,
    }));
  const publish = async (body: readonly object[]) => {
    for (let from = 0; from < body.length; from += 500) {
      const part = body.slice(from, from + 500);
      const answer = await observer.request("mapek.metrics.shop.latency_ms", part);
      expect(answer).toEqual({ accepted: part.length, rejected: [] });
    }
  };
  const thresholds = (side: string) =>
    observer
      .on("mapek.thresholds.shop.latency_ms")
      .filter((message) => (message.side ?? "upper") === side);

  await publish(samples(0, BEFORE, 50));
  const old = await waitFor("thresholds of both sides", () => {
    const [upper, lower] = [thresholds("upper").at(-1), thresholds("lower").at(-1)];
    return upper !== undefined && lower !== undefined && { upper, lower };
  });
  expect(old.upper.threshold).toBeGreaterThan(55);
  expect(old.upper.threshold).toBeLessThan(60);
  expect(old.lower.threshold).toBeGreaterThan(48);
  expect(old.lower.threshold).toBeLessThan(53);

  await publish(samples(BEFORE, BEFORE + AFTER, 100));
  const change = await waitFor("the change", () => observer.on("mapek.changes.shop.latency_ms")[0]);
  expect(change).toMatchObject({ kind: "level_shift", system: "shop", metric: "latency_ms" });
  expect(Math.abs(change.since - (start + BEFORE * STEP_MS))).toBeLessThan(3_600_000);
  const made = await waitFor("a recommendation that is not provisional", () => {
    const all = observer
      .on("mapek.recommendations.shop.latency_ms")
      .filter(({ timestamp }) => timestamp >= change.timestamp);
    return all.some(({ provisional }) => !provisional) && all;
  });
  expect(made[0]).toMatchObject({ provisional: true });
  expect(made[0].recommended_value).toBeGreaterThan(100);
  let published = BEFORE + AFTER;
  const current = await waitFor("thresholds at the new level", async () => {
    // An hour more, so that there is a recommendation when earlier actions are confirmed.
    await publish(samples(published, published + 12, 100));
    published += 12;
    const [upper, lower] = [thresholds("upper").at(-1), thresholds("lower").at(-1)];
    return upper?.threshold > 100 && lower?.threshold > 90 && { upper, lower };
  });
  expect(current.lower.threshold).toBeLessThan(current.upper.threshold);
  const bucket = await new Kvm(observer.nc).open(BUCKETS.thresholds);
  // It may have moved on since: the newest message is what the bucket holds.
  await waitFor("the lower threshold in its bucket", async () => {
    const found = await bucket.get("shop.latency_ms.lower");
    return found !== null && isDeepStrictEqual(found.json(), thresholds("lower").at(-1));
  });
  expect(observer.on("mapek.changes.shop.latency_ms").map(({ kind }) => kind)).toEqual([
    "level_shift",
  ]);
});
