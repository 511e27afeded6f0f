import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EVIDENCE_FAMILIES, NearMisses } from "../../src/statistics/index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MINUTE = 60_000;
const START = 1_760_000_000_000;
const surprises = (strongest: number): number[] =>
  EVIDENCE_FAMILIES.map((_, family) => (family === strongest ? 4 : 1.1));

/** Remembers samples of one kind. @param seen Time since the start (ms) and surprise of each. */
function remembering(seen: readonly (readonly [number, number])[], side = 1): NearMisses {
  const near = new NearMisses();
  for (const [ms, surprise] of seen)
    near.update({
      timeMs: START + ms,
      side,
      surprise,
      surprises: surprises(0),
      intervalMs: MINUTE,
    });
  return near;
}

const timesOf = (near: NearMisses) => near.snapshot().map(({ openedAt }) => openedAt - START);

describe("near misses", () => {
  test("one an hour is remembered, the largest", () => {
    const near = remembering([
      [0, 1.5],
      [10 * MINUTE, 2.5],
      [20 * MINUTE, 2],
      [3 * HOUR, 1.2],
    ]);
    expect(timesOf(near)).toEqual([10 * MINUTE, 3 * HOUR]);
  });

  test("a ninth takes the place of the least, of which a day costs 0.15", () => {
    const eight = Array.from({ length: 8 }, (_, i) => [i * DAY, 2] as const);
    expect(timesOf(remembering([...eight, [8 * DAY, 1.1]]))).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((day) => day * DAY),
    );
    const rare = [[0, 3.5] as const, ...eight.slice(1)];
    expect(timesOf(remembering([...rare, [8 * DAY, 1.1]]))[0]).toBe(0);
    expect(timesOf(remembering([...eight, [7 * DAY + 2 * HOUR, 0.5]]))).toHaveLength(8);
    expect(timesOf(remembering([...eight, [7 * DAY + 2 * HOUR, 0.5]]))[0]).toBe(0);
  });

  test("the largest from an hour before to three hours after what was reported is found", () => {
    const near = remembering([
      [0, 2.8],
      [2 * HOUR, 1.4],
      [4 * HOUR, 2.1],
      [9 * HOUR, 3],
    ]);
    const found = (ms: number) => near.near(START + ms, MINUTE)?.surprise;
    expect(found(1.5 * HOUR)).toBeCloseTo(2.1, 5);
    expect(found(HOUR)).toBeCloseTo(2.8, 5);
    expect(found(5.5 * HOUR)).toBeUndefined();
    expect(found(9 * HOUR)).toBeCloseTo(3, 5);
    // Of a slow series six intervals.
    expect(near.near(START + 5.5 * HOUR, HOUR)?.surprise).toBeCloseTo(3, 5);
    expect(near.near(START + 30 * DAY, MINUTE)).toBeUndefined();
  });

  test("keep the side and the profile", () => {
    const [one] = remembering([[0, 2]], -1).snapshot();
    expect(one?.side).toBe(-1);
    expect(Math.hypot(...(one?.profile ?? []))).toBeCloseTo(1, 5);
  });

  test("are restored bit for bit, and go on the same", () => {
    const sample = fc.tuple(
      fc.integer({ min: 1, max: 10 * HOUR }),
      fc.double({ min: 1, max: 9, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 40 }), fc.nat({ max: 40 }), (steps, cut) => {
        let now = 0;
        const seen = steps.map(([gap, surprise]) => {
          now += gap;
          return [now, surprise] as const;
        });
        const lasting = remembering(seen.slice(0, cut));
        const restored = NearMisses.restore(structuredClone(lasting.snapshot()));
        for (const near of [lasting, restored])
          for (const [ms, surprise] of seen.slice(cut))
            near.update({
              timeMs: START + ms,
              side: 1,
              surprise,
              surprises: surprises(1),
              intervalMs: MINUTE,
            });
        expect(restored.snapshot()).toEqual(lasting.snapshot());
        expect(lasting.snapshot().length).toBeLessThanOrEqual(8);
      }),
    );
  });

  test("refuse a snapshot that is damaged or has too many", () => {
    const seen = remembering([[0, 2]]).snapshot();
    const damaged = expect.objectContaining({ code: "MAPEK_STATS_BAD_SNAPSHOT" });
    expect(() => NearMisses.restore([{ ...seen[0]!, profile: [1] }])).toThrow(damaged);
    expect(() => NearMisses.restore(Array.from({ length: 9 }, () => seen[0]!))).toThrow(damaged);
  });
});
