import { decodeSampleBatch } from "@mapek/core/contract";
import { describe, expect, test } from "vitest";
import { Batch } from "../src/batch.ts";
import { Receipt } from "../src/receipt.ts";
import { type SeriesEntry, SeriesRegistry } from "../src/series-registry.ts";
import { roomFor } from "./room.ts";

const MEGABYTE = 1_048_576;
const room = roomFor();
const registry = new SeriesRegistry(1, room, 100_000, 10);
const entryOf = (metric: string, labels?: Record<string, string>) =>
  registry.entry("shop", metric, labels) as SeriesEntry;

function contentOf(batch: Batch) {
  const decoded = decodeSampleBatch(batch.encode());
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}

test("holds samples in their order, each series once in the dictionary", () => {
  const batch = new Batch(3, 10, MEGABYTE, false);
  const [a, b] = [entryOf("a"), entryOf("b", { host: "x" })];
  batch.add(a, 1.5, 10, undefined);
  batch.add(b, 2, -20, undefined);
  batch.add(a, 3, 30, undefined);
  expect([batch.length, batch.full, batch.partition]).toEqual([3, false, 3]);
  expect(contentOf(batch)).toEqual({
    history: false,
    series: [a.key, b.key],
    index: Uint16Array.of(0, 1, 0),
    times: Float64Array.of(1.5, 2, 3),
    values: Float64Array.of(10, -20, 30),
  });
});

test("is marked as history", () => {
  const batch = new Batch(0, 10, MEGABYTE, true);
  batch.add(entryOf("a"), 1, 1, undefined);
  expect(contentOf(batch).history).toBe(true);
});

test("a series that goes back and forth between two batches stays right in both", () => {
  const batches = [new Batch(0, 10, MEGABYTE, false), new Batch(0, 10, MEGABYTE, true)] as const;
  const [a, b] = [entryOf("a"), entryOf("b")];
  for (let i = 0; i < 3; i++)
    for (const batch of batches) {
      batch.add(b, i, 200 + i, undefined);
      batch.add(a, i, 100 + i, undefined);
    }
  for (const batch of batches) {
    const { series, index, values } = contentOf(batch);
    const read = [...values].map((value, i) => [series[index[i] as number], value]);
    expect(read).toEqual(
      [0, 1, 2].flatMap((i) => [
        [b.key, 200 + i],
        [a.key, 100 + i],
      ]),
    );
  }
});

test("is full at its capacity", () => {
  const batch = new Batch(0, 2, MEGABYTE, false);
  batch.add(entryOf("a"), 1, 1, undefined);
  expect(batch.full).toBe(false);
  batch.add(entryOf("a"), 2, 1, undefined);
  expect(batch.full).toBe(true);
});

describe("bytes", () => {
  test("never exceed the limit while samples fit, however long the keys are", () => {
    for (const length of [1, 100, 1_000, 40_000]) {
      const batch = new Batch(0, 65_535, MEGABYTE, false);
      let taken = 0;
      for (; taken < 65_535; taken++) {
        const entry = entryOf("m", { id: `${taken}-${"ü".repeat(length / 2)}` });
        if (!batch.fits(entry)) break;
        batch.add(entry, 1_760_000_000_000.001 + taken, Math.PI, undefined);
      }
      const { byteLength } = batch.encode();
      expect(byteLength).toBeLessThanOrEqual(MEGABYTE);
      expect(byteLength).toBeGreaterThan(0.9 * MEGABYTE);
      expect(contentOf(batch).series).toHaveLength(taken);
    }
  });

  test("one sample always fits: a batch of none helps nobody", () => {
    const batch = new Batch(0, 10, 100, false);
    const entry = entryOf("m".repeat(200));
    expect(batch.fits(entry)).toBe(true);
    batch.add(entry, 1, 1, undefined);
    expect(batch.fits(entry)).toBe(false);
  });
});

test("an entry keeps no batch alive", () => {
  const entry = entryOf("kept");
  new Batch(0, 10, MEGABYTE, false).add(entry, 1, 1, undefined);
  const { share, ...rest } = entry;
  expect(Object.values(rest).filter((field) => typeof field === "object")).toEqual([]);
  expect(Object.values(share).filter((field) => typeof field === "object")).toEqual([]);
});

test("settles each receipt once, with the failure if there was one", () => {
  for (const failure of [undefined, new Error("no disk")]) {
    const answers: string[] = [];
    const receipts = [0, 1].map(() => new Receipt((bytes) => answers.push(String(bytes))));
    const batch = new Batch(0, 10, MEGABYTE, false);
    for (const receipt of receipts) {
      for (let i = 0; i < 3; i++) {
        receipt.accept();
        batch.add(entryOf("a"), i, i, receipt);
      }
      receipt.close();
    }
    expect(answers).toEqual([]);
    batch.settle(failure);
    expect(answers).toHaveLength(2);
  }
});
