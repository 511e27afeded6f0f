import { expect, test } from "vitest";
import {
  describe,
  iqrThreshold,
  percentileThreshold,
  recommend,
  SampleWindow,
  sigmaThreshold,
  trend,
} from "../../src/statistics/index.ts";
import { readExpected, readSamples } from "./vectors.ts";

const cases = Object.entries(readExpected());

test("there are vectors", () => {
  expect(cases.length).toBeGreaterThanOrEqual(14);
});

test.each(cases)("%s agrees with the vectors", (name, expected) => {
  const window = new SampleWindow({ capacity: expected.window, spanMs: Number.POSITIVE_INFINITY });
  for (const [time, value] of readSamples(name)) window.add(time, value);
  const values = window.copyValues();
  const statistics = describe(values)!;
  const close = (actual: number, wanted: number, what: string): void => {
    expect(Math.abs(actual - wanted), `${what}: ${actual}, expected ${wanted}`).toBeLessThanOrEqual(
      1e-9 * Math.abs(wanted),
    );
  };
  for (const [field, actual] of Object.entries(statistics)) {
    close(actual, expected[field as keyof typeof statistics], field);
  }
  close(percentileThreshold(statistics), expected.threshold_percentile, "percentile");
  close(sigmaThreshold(statistics), expected.threshold_sigma, "sigma");
  close(iqrThreshold(statistics), expected.threshold_iqr, "iqr");
  const recommendation = recommend(values, window.copyTimes());
  expect(recommendation === null).toBe(expected.data_points < 16);
  if (recommendation !== null) {
    close(
      recommendation.candidates.percentile,
      expected.threshold_percentile,
      "percentile candidate",
    );
    close(recommendation.candidates.sigma, expected.threshold_sigma, "sigma candidate");
    close(recommendation.candidates.iqr, expected.threshold_iqr, "iqr candidate");
  }
  if (expected.trend !== null)
    expect(trend(window.copyTimes(), values).direction).toBe(expected.trend);
});
