// Promises and confidence on the series of the Numenta Anomaly Benchmark. On seeded ones: the tests beside this file.
import { expect, describe as suite, test } from "vitest";
import { casesOf } from "../../../../bench/quality/calibration/cases.ts";
import { calibrationError } from "../../../../bench/quality/calibration/reliability.ts";
import { nabNames, nabSeries } from "../../../../test/support/nab-series.ts";
import { analyze } from "../../src/learning/index.ts";
import { SIDES } from "../../src/statistics/index.ts";
import { LONG, measure, RATES } from "./promise.ts";

suite.each(SIDES)("the %s threshold keeps its promise", (side) => {
  test.each(RATES)("of %d within %d, up to ties at the threshold", (rate, margin) => {
    const broken = nabNames().filter((name) => {
      const series = nabSeries(name);
      if (series.values.length <= LONG) return false;
      const { beyond, reached } = measure(series, rate, side);
      return beyond > rate + margin || reached < rate - margin;
    });
    expect(broken).toEqual([]);
  });
});

test("confidence is calibrated: expected calibration error at most 0.05", () => {
  const cases = nabNames().flatMap((name) => casesOf(name, nabSeries(name)));
  expect(cases.length).toBeGreaterThan(10_000);
  expect(calibrationError(cases)).toBeLessThanOrEqual(0.05);
});

test("scores of `analyze`: one a row, in [0,1], none depends on later rows; a higher sensitivity finds more", () => {
  for (const name of nabNames().slice(0, 5)) {
    const [times, values] = [[...nabSeries(name).times], [...nabSeries(name).values]];
    const whole = analyze(times, values).scores;
    expect(whole).toHaveLength(values.length);
    expect(whole.every((score) => score >= 0 && score <= 1)).toBe(true);
    for (const rows of [1, 31, 700, Math.floor(values.length / 2), values.length - 1]) {
      const prefix = analyze(times.slice(0, rows), values.slice(0, rows)).scores;
      expect(prefix).toEqual(whole.slice(0, rows));
    }
  }
  const { times, values } = nabSeries("realKnownCause/ambient_temperature_system_failure");
  const found = (sensitivity: number) =>
    analyze([...times], [...values], { sensitivity }).anomalies.length;
  expect(found(10)).toBeGreaterThan(found(0.5));
});
