import { learnerSettings } from "@mapek/core/contract";
import { SeriesLearner, UNMOVED } from "@mapek/core/learning";
import { describe, expect, it } from "vitest";

const START = 1_760_000_000_000;

function learner(resolution: number): SeriesLearner {
  return new SeriesLearner(learnerSettings.parse({ detection_resolution_seconds: resolution }));
}

/** 100 samples a second whose range repeats every second. */
function feed(series: SeriesLearner, seconds: number): void {
  for (let i = 0; i < seconds * 100; i++)
    series.receiveSample(START + i * 10, 50 + 10 * Math.sin((i * 2 * Math.PI) / 100));
}

describe("detection resolution", () => {
  it("judges a fast series about once a second, and learns from every sample", () => {
    const series = learner(1);
    feed(series, 100);
    expect(series.counts.points).toBe(10_000);
    expect(series.window.length).toBe(10_000);
    expect(series.judge.judged).toBeGreaterThanOrEqual(100);
    expect(series.judge.judged).toBeLessThan(250);
  });

  it("judges every sample of a series that is slower than the resolution, or where it is 0", () => {
    const slow = learner(1);
    for (let i = 0; i < 500; i++) slow.receiveSample(START + i * 1_000, i % 7);
    expect(slow.judge.judged).toBe(500);
    const all = learner(0);
    feed(all, 5);
    expect(all.judge.judged).toBe(500);
  });

  it("judges a sample that stands out at once, not at the next second", () => {
    const series = learner(1);
    feed(series, 300);
    const time = START + 300_000;
    const opened = [0, 10, 20, 30].flatMap((offset) => series.receiveSample(time + offset, 500));
    expect(opened).toMatchObject([{ type: "anomaly", phase: "opened", time }]);
  });

  it("keeps the newest value, judged or not, and takes a new resolution from the settings", () => {
    const series = learner(1);
    feed(series, 20);
    series.receiveSample(START + 30_000, 50);
    const before = series.judge.judged;
    series.receiveSample(START + 30_010, 51);
    expect(series.judge.lastValue).toBe(51);
    expect(series.judge.judged).toBe(before);
    series.applySettings(learnerSettings.parse({ detection_resolution_seconds: 0 }), UNMOVED);
    series.receiveSample(START + 30_020, 51);
    expect(series.judge.judged).toBe(before + 1);
  });
});
