import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bucketIncrease, bucketQuantile } from "../src/convert/histogram.ts";

describe("a quantile of buckets", () => {
  // What histogram_quantile answers for the same buckets.
  test.each([
    [[1, 2], [5, 5, 0], 0.5, 1],
    [[1, 2], [5, 5, 0], 0.25, 0.5],
    [[1, 2], [5, 5, 0], 0.9, 1.8],
    [[1, 2], [0, 0, 4], 0.5, 2],
    [[-1, 1], [4, 4, 0], 0.25, -1],
    [[-1, 1], [4, 4, 0], 0.75, 0],
    [[1, 2, 4], [2, 0, 2, 0], 0.5, 1],
    [[1, 2, 4], [2, 0, 2, 0], 0.75, 3],
  ])("of %j with %j at %d is %d", (bounds, counts, quantile, expected) => {
    expect(bucketQuantile({ bounds, counts }, quantile)).toBeCloseTo(expected, 12);
  });

  test("is none without observations or bounds", () => {
    expect(bucketQuantile({ bounds: [1], counts: [0, 0] }, 0.5)).toBeUndefined();
    expect(bucketQuantile({ bounds: [], counts: [3] }, 0.5)).toBeUndefined();
  });

  test("lies in the bucket of the value, and rises with the share", () => {
    const values = fc.array(fc.double({ min: 0, max: 10, noNaN: true }), {
      minLength: 1,
      maxLength: 50,
    });
    fc.assert(
      fc.property(values, (list) => {
        const bounds = [1, 2, 3, 5, 8, 10];
        const counts = [...bounds, Infinity].map(
          (bound, i) => list.filter((v) => v <= bound && v > (bounds[i - 1] ?? -1)).length,
        );
        const sorted = list.toSorted((a, b) => a - b);
        let before = -Infinity;
        for (const share of [0.1, 0.5, 0.9, 0.99, 1]) {
          const value = bucketQuantile({ bounds, counts }, share) as number;
          const exact = sorted[Math.ceil(share * list.length - 1e-9) - 1] as number;
          const upper = bounds.find((bound) => exact <= bound) as number;
          expect(value).toBeLessThanOrEqual(upper + 1e-9);
          expect(value).toBeGreaterThanOrEqual((bounds[bounds.indexOf(upper) - 1] ?? 0) - 1e-9);
          expect(value).toBeGreaterThanOrEqual(before - 1e-9);
          before = value;
        }
      }),
    );
  });
});

test("an increase needs the same bounds, and no bucket that holds less", () => {
  const before = { bounds: [1, 2], counts: [1, 1, 1] };
  expect(bucketIncrease(before, { bounds: [1, 2], counts: [1, 3, 2] }, false)).toEqual({
    bounds: [1, 2],
    counts: [0, 2, 1],
  });
  expect(bucketIncrease(before, { bounds: [1, 3], counts: [2, 2, 2] }, false)).toBeUndefined();
  expect(bucketIncrease(before, { bounds: [1], counts: [2, 2] }, false)).toBeUndefined();
  expect(bucketIncrease(before, { bounds: [1, 2], counts: [0, 9, 9] }, false)).toBeUndefined();
  // Of one lattice, what the later one does not reach must have been empty.
  expect(bucketIncrease(before, { bounds: [2], counts: [2, 2] }, true)).toBeUndefined();
});
