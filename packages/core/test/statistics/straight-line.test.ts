import { describe, expect, test } from "vitest";
import { SeriesJudge } from "../../src/learning/judge/series-judge.ts";
import { AnomalyDetector } from "../../src/statistics/index.ts";
import { RandomSource } from "./random-source.ts";

const DAY_MS = 86_400_000;
/** A midnight. */
const MIDNIGHT = 20_729 * DAY_MS;
const SECONDS = 1_000;
const SETTINGS = {
  sensitivity: 1,
  budget: 0.5,
  minDeviation: 0,
  minRelativeDeviation: 0,
  direction: "both",
} as const;

/** Times at which anomalies open, in days, of a series at a step. */
function openedDays(stepMs: number, days: number, valueAt: (day: number) => number): number[] {
  const judge = new SeriesJudge(SETTINGS);
  const opened: number[] = [];
  for (let since = 0; since < days * DAY_MS; since += stepMs)
    for (const { type } of judge.judge(MIDNIGHT + since, valueAt(since / DAY_MS), 0))
      if (type === "opened") opened.push(since / DAY_MS);
  return opened;
}

describe("a straight line", () => {
  test.each([15, 60, 300, 900, 3_600])(
    "of a point in %i s has no anomaly in 60 days",
    (seconds) => {
      for (const slope of seconds < 60 ? [-30] : [1e-6, -30, 1_440])
        expect(openedDays(seconds * SECONDS, 60, (day) => 7 + slope * day)).toEqual([]);
    },
  );

  test("with a cycle of the day that begins at any hour has none either", () => {
    for (const slope of [4, -20])
      for (const hour of [0, 7, 15]) {
        const cycle = (day: number) => Math.sin(2 * Math.PI * (day + hour / 24));
        // What a line and a cycle are is known when the fourth day begins.
        const late = openedDays(300 * SECONDS, 60, (day) => slope * day + cycle(day)).filter(
          (day) => day > 4,
        );
        expect(late).toEqual([]);
      }
  });

  test.each([
    [60, 8],
    [300, 60],
    [3_600, 60],
  ])("with noise, of a point in %i s, has no more anomalies than noise has", (seconds, days) => {
    let [lines, flat] = [0, 0];
    for (const slope of [-100, -10, 1, 30])
      for (let seed = 0; seed < 3; seed++) {
        const count = (slope: number, random = new RandomSource(seed * 4 + slope + 1_000)) =>
          openedDays(seconds * SECONDS, days, (day) => slope * day + random.normal()).length;
        lines += count(slope);
        flat += count(0, new RandomSource(seed * 4 + slope + 1_000));
      }
    expect(lines).toBeLessThanOrEqual(flat + 1);
  });

  test("that dips on the fourth day has that one anomaly", () => {
    const dip = 3 + 580 / 1_440;
    const opened = openedDays(60 * SECONDS, 5, (day) =>
      day >= dip - 1e-9 && day < dip + 20 / 1_440 ? 3_000 : 1_440 * day,
    );
    expect(opened).toEqual([expect.closeTo(dip, 6)]);
  });
});

test("a sawtooth of a week is no line: the day on which it falls is as unusual as it was", () => {
  const random = new RandomSource(3);
  const opened = openedDays(300 * SECONDS, 70, (day) => 20 * (day % 7) + random.normal());
  expect(opened.filter((day) => day > 30)).toEqual([]);
});

test("shift and scale change nothing, with a line too", () => {
  const random = new RandomSource(4);
  const values = random.series(8 * 288, (i) => i / 20 + random.normal() + (i === 2_000 ? 30 : 0));
  const scores = (a: number, b: number) => {
    const detector = new AnomalyDetector();
    return Array.from(values, (x, i) => {
      detector.update(MIDNIGHT + i * 300_000, a * x + b);
      return detector.surprise;
    });
  };
  const plain = scores(1, 0);
  for (const [i, score] of scores(64, 4_096).entries()) expect(score).toBeCloseTo(plain[i]!, 4);
});
