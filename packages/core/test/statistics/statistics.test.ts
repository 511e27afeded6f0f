import fc from "fast-check";
import { expect, test } from "vitest";
import { describe, moments, STATS_ERRORS, StatsError } from "../../src/statistics/index.ts";
import { RandomSource } from "./random-source.ts";

test("nothing is described by undefined, one value by itself", () => {
  expect(describe(new Float64Array(0))).toBeUndefined();
  expect(describe(Float64Array.of(-7.25))).toEqual({
    data_points: 1,
    mean: -7.25,
    median: -7.25,
    std_dev: 0,
    min_value: -7.25,
    max_value: -7.25,
    p25: -7.25,
    p75: -7.25,
    p90: -7.25,
    p95: -7.25,
    p99: -7.25,
  });
});

test("a constant has no deviation, whatever its digits", () => {
  for (const constant of [0.1, 1 / 3, 1e15 + 0.1, -1e308, 5e-324]) {
    const statistics = describe(new Float64Array(211).fill(constant))!;
    expect(statistics.mean).toBe(constant);
    expect(statistics.std_dev).toBe(0);
    expect(moments(new Float64Array(211).fill(constant))!.skewness).toBe(0);
  }
});

test("is finite for every finite input", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
        minLength: 1,
        maxLength: 60,
      }),
      (values) => {
        const statistics = describe(Float64Array.from(values))!;
        for (const [field, value] of Object.entries(statistics))
          expect(value, field).toSatisfy(Number.isFinite);
        expect(statistics.mean).toBeGreaterThanOrEqual(statistics.min_value);
        expect(statistics.mean).toBeLessThanOrEqual(statistics.max_value);
        expect(statistics.std_dev).toBeGreaterThanOrEqual(0);
        for (const value of Object.values(moments(Float64Array.from(values))!)) {
          expect(value).toSatisfy(Number.isFinite);
        }
      },
    ),
    { numRuns: 500, seed: 4 },
  );
});

test("scales and shifts with its input, from 1e-300 to 1e300", () => {
  const random = new RandomSource(8);
  const values = random.series(500, () => random.normal() + 3);
  const base = describe(values)!;
  for (const scale of [1e-300, 1e-120, 1e-9, 1e9, 1e120, 1e300]) {
    const scaled = describe(values.map((x) => x * scale))!;
    expect(scaled.std_dev / scale).toBeCloseTo(base.std_dev, 10);
    expect(scaled.mean / scale).toBeCloseTo(base.mean, 10);
    expect(scaled.p99 / scale).toBeCloseTo(base.p99, 10);
    expect(moments(values.map((x) => x * scale))!.kurtosis).toBeCloseTo(
      moments(values)!.kurtosis,
      8,
    );
  }
  const shifted = describe(values.map((x) => x + 1e6))!;
  expect(shifted.std_dev).toBeCloseTo(base.std_dev, 8);
  expect(shifted.mean - 1e6).toBeCloseTo(base.mean, 8);
});

test("numbers next to 0 have a mean and a deviation", () => {
  for (const tiny of [5e-324, 1e-320, 1e-308, 1e-300]) {
    const { mean, std_dev } = describe(Float64Array.of(0, tiny))!;
    expect(Math.abs(mean - tiny / 2)).toBeLessThanOrEqual(5e-324);
    expect(Math.abs(std_dev - tiny / 2)).toBeLessThanOrEqual(1e-12 * tiny + 5e-324);
  }
});

test("shape of known distributions", () => {
  const random = new RandomSource(9);
  const normal = moments(random.series(50_000, () => random.normal()))!;
  expect(normal.skewness).toBeCloseTo(0, 1);
  expect(normal.kurtosis).toBeCloseTo(3, 0);
  const exponential = moments(random.series(50_000, () => -Math.log(random.uniform())))!;
  expect(exponential.skewness).toBeGreaterThan(1.8);
  expect(exponential.skewness).toBeLessThan(2.2);
});

test("NaN and infinity are refused with a code", () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => describe(Float64Array.of(1, bad, 2))).toThrow(StatsError);
    expect(() => describe(Float64Array.of(bad))).toThrow(
      expect.objectContaining({ code: "MAPEK_STATS_NOT_FINITE", consequence: "skip" }),
    );
  }
});

test("every code has a meaning and a consequence", () => {
  for (const [code, { meaning, consequence }] of Object.entries(STATS_ERRORS)) {
    expect(code).toMatch(/^MAPEK_STATS_[A-Z_]+$/);
    expect(meaning).not.toBe("");
    expect(["skip", "fatal"]).toContain(consequence);
  }
});
