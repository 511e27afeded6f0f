import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, quantiles } from "../../src/statistics/index.ts";
import { selectRanks } from "../../src/statistics/quantile/selection.ts";
import { sortedQuantile } from "./naive-statistics.ts";
import { RandomSource } from "./random-source.ts";

const PROBABILITIES = [0, 0.01, 0.25, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

function expectExact(values: Float64Array): void {
  const before = values.slice();
  const actual = quantiles(values, PROBABILITIES);
  expect(values).toEqual(before);
  const plain = [...values];
  const size = Math.max(...plain.map(Math.abs));
  PROBABILITIES.forEach((probability, i) => {
    const wanted = sortedQuantile(plain, probability);
    expect(Math.abs(actual[i]! - wanted), `p ${probability}`).toBeLessThanOrEqual(4e-16 * size);
  });
  expect(actual[0]).toBe(Math.min(...plain));
  expect(actual.at(-1)).toBe(Math.max(...plain));
}

test("equals sorting for any values", () => {
  const value = fc.oneof(
    fc.double({ min: -1e300, max: 1e300, noNaN: true }),
    fc.integer({ min: -3, max: 3 }).map(Number),
    fc.constantFrom(5e-324, -5e-324, 1e-310, 0),
  );
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 1200, size: "max" }), (values) => {
      expectExact(Float64Array.from(values));
    }),
    { numRuns: 150, seed: 3 },
  );
});

const random = new RandomSource(2);
const shapes: [string, (i: number) => number][] = [
  ["sorted", (i) => i],
  ["reversed", (i) => -i],
  ["constant", () => 3.25],
  ["organ pipe", (i) => Math.min(i, 9999 - i)],
  ["valley", (i) => Math.max(i, 9999 - i)],
  ["saw", (i) => i % 17],
  ["two values", (i) => i % 2],
  ["normal", () => random.normal()],
  ["heavy tail", () => Math.exp(6 * random.normal())],
  ["one outlier", (i) => (i === 77 ? 1e15 : random.normal())],
  ["sampled places differ", (i) => (i % 156 === 0 ? 1e9 : random.normal())],
  ["huge", () => random.normal() * 1e307],
  ["denormal", () => Math.round(random.normal() * 50) * 5e-324],
];

test.each(shapes)("equals sorting: %s", (_, shape) => {
  expectExact(Float64Array.from({ length: 10_000 }, (_unused, i) => shape(i)));
});

test.each(shapes)("selection looks at each value a bounded number of times: %s", (_, shape) => {
  const COUNT = 10_000;
  const plain = Float64Array.from({ length: COUNT }, (_unused, i) => shape(i));
  const ranks = Int32Array.of(100, 2_500, 5_000, 7_500, 9_500, 9_900);
  let looks = 0;
  const counted = new Proxy(plain.slice(), {
    get(target, key) {
      if (typeof key === "string" && /^\d/.test(key)) looks++;
      const found = Reflect.get(target, key, target) as unknown;
      return typeof found === "function" ? found.bind(target) : found;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
  selectRanks(counted, 0, COUNT - 1, ranks, 0, ranks.length - 1);
  const sorted = plain.toSorted();
  for (const rank of ranks) expect(counted[rank]).toBe(sorted[rank]);
  // A quadratic search looks thousands of times at each.
  expect(looks / COUNT).toBeLessThan(60);
});

test("interpolates between the largest and smallest numbers there are", () => {
  const extremes = Float64Array.of(-Number.MAX_VALUE, Number.MAX_VALUE);
  expect(quantile(extremes, 0.5)).toBe(0);
  expect(quantile(Float64Array.of(7.25), 0.9)).toBe(7.25);
  expect(quantile(Float64Array.of(10, 20), 0.95)).toBe(19.5);
});

test("refuses what has no quantile", () => {
  const bad = expect.objectContaining({ code: "MAPEK_STATS_BAD_SETTING" });
  expect(() => quantiles(new Float64Array(0), [0.5])).toThrow(bad);
  expect(() => quantile(Float64Array.of(1), 1.1)).toThrow(bad);
  expect(() => quantiles(Float64Array.of(1), [0.9, 0.5])).toThrow(bad);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => quantile(Float64Array.of(1, value), 0.5)).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE" }),
    );
  }
});
