import { MessageError, partitionOf, seriesKey } from "@mapek/core/contract";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type SeriesEntry, SeriesRegistry } from "../src/series-registry.ts";
import { roomFor } from "./room.ts";

function known(found: SeriesEntry | MessageError): SeriesEntry {
  if (found instanceof MessageError) throw found;
  return found;
}

test("a series is found again under its one entry, with or without empty labels", () => {
  const registry = new SeriesRegistry(16, roomFor(), 10, 10);
  const entry = known(registry.entry("shop", "cpu", undefined));
  expect(registry.entry("shop", "cpu", {})).toBe(entry);
  expect(registry.entry("shop", "cpu", undefined)).toBe(entry);
  const labelled = registry.entry("shop", "cpu", { b: "2", a: "1" });
  expect(registry.entry("shop", "cpu", { a: "1", b: "2" })).toBe(labelled);
  expect(labelled).not.toBe(entry);
  expect(registry.entry("other", "cpu", undefined)).not.toBe(entry);
  expect(registry.size).toBe(3);
});

test("an entry knows its key and its partition", () => {
  const registry = new SeriesRegistry(16, roomFor(), 10, 10);
  const key = seriesKey("shop", "größe", { host: "a" });
  const entry = known(registry.entry("shop", "größe", { host: "a" }));
  expect(entry).toMatchObject({
    key,
    keyBytes: Buffer.byteLength(key),
    partition: partitionOf(key, 16),
  });
});

test("a system has no more than its limit, and other systems theirs", () => {
  const registry = new SeriesRegistry(16, roomFor(), 2, 10);
  registry.entry("shop", "a", undefined);
  registry.entry("shop", "b", { host: "x" });
  const refused = registry.entry("shop", "c", undefined);
  expect(refused).toMatchObject({ code: "MAPEK_SERIES_LIMIT" });
  expect((refused as MessageError).detail).toContain("shop has 2 series");
  expect(registry.entry("shop", "c", { host: "x" })).toBeInstanceOf(MessageError);
  known(registry.entry("shop", "a", undefined));
  known(registry.entry("search", "c", undefined));
  expect(registry.size).toBe(3);
});

test("an idle series makes room, whether it has labels or not", () => {
  const registry = new SeriesRegistry(16, roomFor(), 2, 10);
  const idle = known(registry.entry("shop", "a", undefined));
  idle.lastSeen = 1_000;
  const busy = known(registry.entry("shop", "b", { host: "x" }));
  busy.lastSeen = 2_000;
  registry.expire(1_000);
  expect(registry.size).toBe(2);
  registry.expire(1_001);
  expect(registry.size).toBe(1);
  expect(registry.entry("shop", "b", { host: "x" })).toBe(busy);
  const again = known(registry.entry("shop", "a", undefined));
  expect(again).not.toBe(idle);
  expect(again.lastStamp).toBe(0);
  registry.expire(Number.POSITIVE_INFINITY);
  expect(registry.size).toBe(0);
});

test("in whatever order series are asked for, each has its one entry until it expires", () => {
  const ask = fc.record({
    system: fc.constantFrom("shop", "search"),
    metric: fc.constantFrom("a", "b", "c"),
    labels: fc.constantFrom(undefined, { host: "x" }),
    expires: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(ask, { minLength: 1, maxLength: 60 }), (asked) => {
      const registry = new SeriesRegistry(16, roomFor(), 10, 10);
      const entries = new Map<string, SeriesEntry>();
      asked.forEach(({ system, metric, labels, expires }, now) => {
        // Twice, as two rounds of an agent: the second time it is known what follows.
        for (let round = 0; round < 2; round++) {
          const key = seriesKey(system, metric, labels);
          const entry = known(registry.entry(system, metric, labels));
          expect(entry.key).toBe(key);
          expect(entry.share.system).toBe(system);
          expect(entry).toBe(entries.get(key) ?? entry);
          entries.set(key, entry);
          entry.lastSeen = now;
        }
        if (!expires || now % 5 !== 0) return;
        const before = now - 3;
        registry.expire(before);
        for (const [key, { lastSeen }] of entries) if (lastSeen < before) entries.delete(key);
        expect(registry.size).toBe(entries.size);
      });
      for (const [key, entry] of entries) expect(entry.key).toBe(key);
    }),
    { numRuns: 300, seed: 5 },
  );
});
