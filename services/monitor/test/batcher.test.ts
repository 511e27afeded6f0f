import type { WaitingRoom } from "@mapek/runtime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Batcher } from "../src/batcher.ts";
import { Receipt } from "../src/receipt.ts";
import { type SeriesEntry, SeriesRegistry } from "../src/series-registry.ts";
import { type House, openHouse, until } from "./house.ts";
import { roomFor } from "./room.ts";

const MAX_PAYLOAD = 1_048_576;

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});

interface Desk {
  readonly batcher: Batcher;
  readonly room: WaitingRoom;
  readonly settled: number[];
  entry(metric: string, labels?: Record<string, string>): SeriesEntry;
}

function openDesk(system: string, batchSamples: number, lingerMs: number, partitions = 4): Desk {
  const room = roomFor();
  const registry = new SeriesRegistry(partitions, room, 100_000, 10);
  const settled: number[] = [];
  const batcher = new Batcher({
    js: house.js,
    subjects: house.subjects,
    partitions,
    batchSamples,
    maxBytes: MAX_PAYLOAD,
    lingerMs,
    room,
    onSettled: (samples, failure) => {
      if (failure !== undefined) throw failure;
      settled.push(samples);
    },
  });
  const entry = (metric: string, labels?: Record<string, string>) =>
    registry.entry(system, metric, labels) as SeriesEntry;
  return { batcher, room, settled, entry };
}

test("a full batch is stored at once, by size", async () => {
  const { batcher, room, settled, entry } = openDesk("size", 100, 60_000);
  const cpu = entry("cpu");
  for (let i = 0; i < 350; i++) batcher.add(cpu, i, i, undefined);
  expect(room.items).toBe(350);
  await until("three batches", () => settled.length === 3);
  expect(settled).toEqual([100, 100, 100]);
  expect(room.items).toBe(50);
  await batcher.flush();
  expect(settled).toEqual([100, 100, 100, 50]);
  const samples = await house.stored("size/");
  expect(samples.map(({ value }) => value)).toEqual(Array.from({ length: 350 }, (_, i) => i));
  expect(new Set(samples.map(({ seq }) => seq)).size).toBe(4);
});

test("one that is not full is stored after its time", async () => {
  const { batcher, settled, entry } = openDesk("time", 1_000, 50);
  const startedAt = performance.now();
  batcher.add(entry("cpu"), 1, 1, undefined);
  batcher.add(entry("cpu"), 2, 2, undefined);
  await until("it is stored", () => settled.length === 1);
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
  expect(settled).toEqual([2]);
});

test("each partition has its own batch, history another", async () => {
  const { batcher, settled, entry } = openDesk("apart", 1_000, 60_000);
  const metrics = Array.from({ length: 20 }, (_, i) => entry(`m${i}`));
  for (const one of metrics) {
    batcher.add(one, 1, 1, undefined);
    batcher.add(one, 2, 2, undefined, true);
  }
  await batcher.flush();
  const partitions = new Set(metrics.map(({ partition }) => partition)).size;
  expect(settled).toHaveLength(2 * partitions);
  const samples = await house.stored("apart/");
  expect(samples.filter(({ history }) => history).map(({ value }) => value)).toEqual(
    new Array(20).fill(2),
  );
  expect(samples).toHaveLength(40);
});

test("long keys make more batches, none larger than the server takes", async () => {
  const { batcher, settled, entry } = openDesk("long", 2_000, 60_000, 1);
  for (let i = 0; i < 2_000; i++) {
    const labels = { id: String(i), path: "x".repeat(500), note: "ü".repeat(300) };
    batcher.add(entry("m", labels), 1, i, undefined);
  }
  await batcher.flush();
  expect(settled.length).toBeGreaterThan(1);
  expect(await house.stored("long/")).toHaveLength(2_000);
});

test("a message over several batches is answered once, after the last", async () => {
  const { batcher, entry } = openDesk("receipt", 100, 20);
  const answers: string[] = [];
  const receipt = new Receipt((reply) => answers.push(JSON.stringify(reply)));
  for (let i = 0; i < 250; i++) {
    receipt.accept();
    batcher.add(entry(`m${i % 7}`), i, i, receipt);
  }
  receipt.close();
  expect(answers).toEqual([]);
  await until("the answer", () => answers.length > 0);
  expect(answers).toEqual(['{"accepted":250,"rejected":[]}']);
  expect(await house.stored("receipt/")).toHaveLength(250);
});

test("a flush with nothing open is done at once", async () => {
  const { batcher, room } = openDesk("idle", 100, 20);
  await batcher.flush();
  expect(room.items).toBe(0);
});
