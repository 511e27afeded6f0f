import fc from "fast-check";
import { expect, test } from "vitest";
import { thresholdAt } from "../src/curve.ts";

test("a threshold without a schedule is the same at any time", () => {
  expect(thresholdAt({ threshold: 7 }, 0)).toBe(7);
  expect(thresholdAt({ threshold: 7, schedule: [] }, 1e15)).toBe(7);
});

test("with one it lies on straight lines between its pairs, and stays at its ends", () => {
  const curve = {
    threshold: 0,
    schedule: [
      [10, 1],
      [20, 3],
      [40, -1],
    ],
  } as const;
  const seen = [0, 10, 15, 20, 25, 30, 40, 1_000].map((time) => thresholdAt(curve, time));
  expect(seen).toEqual([1, 1, 2, 3, 2, 1, -1, -1]);
});

test("it is finite between values of any size, and between its neighbours", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(finite, finite, fc.double({ min: 0, max: 1, noNaN: true }), (from, to, share) => {
      const schedule = [
        [0, from],
        [1, to],
      ] as const;
      const value = thresholdAt({ threshold: 0, schedule }, share);
      const rounding = 1e-15 * Math.max(Math.abs(from), Math.abs(to));
      expect(value).toBeGreaterThanOrEqual(Math.min(from, to) - rounding);
      expect(value).toBeLessThanOrEqual(Math.max(from, to) + rounding);
    }),
    { seed: 1 },
  );
});
