import { expect, it } from "vitest";
import { seriesSettings } from "../../src/contract/index.ts";
import { SeriesLearner } from "../../src/learning/series-learner.ts";
import { gapAfter, strideOf } from "../../src/learning/thresholds/online-stride.ts";
import { RandomSource } from "../statistics/random-source.ts";

const START_MS = 1_760_000_000_000;

it("is as many samples as the series has in its resolution", () => {
  expect(strideOf(10_001, 100_000, 1_000)).toBe(100);
  expect(strideOf(1_441, 86_400_000, 1_000)).toBe(1);
  expect(strideOf(101, 100_000, 1_000)).toBe(1);
  expect(strideOf(10_000, 0, 1_000)).toBe(1_000);
  expect(strideOf(10_000, 5_000, 0)).toBe(1);
});

it("passes over one less than the stride on average, and meets every place of a period alike", () => {
  for (const stride of [2, 10, 100]) {
    const met = Array<number>(stride).fill(0);
    let points = 0;
    const count = 200 * stride;
    for (let i = 0; i < count; i++) {
      met[points % stride]!++;
      points += 1 + gapAfter(points, stride);
    }
    expect(points / count / stride).toBeGreaterThan(0.97);
    expect(points / count / stride).toBeLessThan(1.03);
    expect(Math.min(...met)).toBeGreaterThan(120);
    expect(Math.max(...met)).toBeLessThan(280);
  }
  expect(gapAfter(7, 1)).toBe(0);
});

it("keeps the promise of a fast series whose bursts of samples are high", () => {
  const random = new RandomSource(5);
  const settings = seriesSettings.parse({ strategy: "adaptive", optimization_interval: 60 });
  const learner = new SeriesLearner(settings);
  let time = START_MS;
  let threshold: number | undefined;
  let above = 0;
  let measured = 0;
  for (let i = 0; i < 400_000; i++) {
    // Every second a third of the samples comes ten times as fast, and higher; one in a hundred is a spike.
    const isBurst = i % 100 < 33;
    time += isBurst ? 2 : 20;
    const value = 50 + (isBurst ? 10 : 0) + random.normal() + (i % 100 === 50 ? 40 : 0);
    if (i > 100_000 && threshold !== undefined) {
      measured++;
      if (value > threshold) above++;
    }
    for (const event of learner.receiveSample(time, value))
      if (event.type === "recommendation") threshold = event.recommendation.recommended_value;
  }
  expect(measured).toBeGreaterThan(250_000);
  expect(Math.abs(above / measured - 0.05)).toBeLessThan(0.01);
});
