import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, quantiles } from "../../src/stats/index.ts";
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

test.each(shapes)("equals sorting and stays fast: %s", (_, shape) => {
  const values = Float64Array.from({ length: 10_000 }, (_unused, i) => shape(i));
  expectExact(values);
  const begin = performance.now();
  for (let round = 0; round < 20; round++) quantiles(values, PROBABILITIES);
  // Generous: a quadratic search needs more than 50 ms for one round.
  expect((performance.now() - begin) / 20).toBeLessThan(10);
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
