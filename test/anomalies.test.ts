// How well anomalies are told, on seeded series with incidents in them. On real ones: nab.study.test.ts.
import { AnomalyDetector, VIEW_FAMILIES } from "@mapek/core/stats";
import { expect, test } from "vitest";
import { openedRows, scoreSeries } from "../bench/quality/nab/detect.ts";
import { falseIncidents } from "../bench/quality/nab/false-incidents.ts";
import { nabScore, PROFILE_NAMES } from "../bench/quality/nab/scorer.ts";
import {
  OPERATIONAL,
  type OperationalSeries,
  operationalSeries,
} from "./support/operational-series.ts";
import { expectNothingReadAhead } from "./support/read-ahead.ts";

const SEEDS = [1, 2, 3];
const corpus = SEEDS.flatMap((seed) => OPERATIONAL.map((name) => operationalSeries(name, seed)));
const isIn = (row: number, [first, last]: readonly [number, number]) => row >= first && row <= last;

test("the scorer: 100 for an alarm at the beginning of each window, 0 for silence, less for alarms elsewhere", () => {
  const alarms = (rowsOf: (series: OperationalSeries) => number[]) =>
    corpus.map((series) => {
      const scores = new Float64Array(series.values.length);
      for (const row of rowsOf(series)) scores[row] = 1;
      return scores;
    });
  const first = alarms(({ windows }) => windows.map(([row]) => row));
  const last = alarms(({ windows }) => windows.map(([, row]) => row));
  const elsewhere = alarms(({ windows }) => [1_000, ...windows.map(([row]) => row)]);
  for (const profile of PROFILE_NAMES) {
    expect(nabScore(corpus, first, profile).score).toBeCloseTo(100, 6);
    const silent = corpus.map(({ values }) => new Float64Array(values.length));
    expect(nabScore(corpus, silent, profile, 0.5).score).toBeCloseTo(0, 6);
    const late = nabScore(corpus, last, profile, 0.5).score;
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(90);
    expect(nabScore(corpus, elsewhere, profile, 0.5).score).toBeLessThan(98);
  }
});

test("scores tell incidents from what is usual", () => {
  const scores = corpus.map((series) => scoreSeries(series));
  expect(nabScore(corpus, scores, "standard").score).toBeGreaterThanOrEqual(77);
  expect(nabScore(corpus, scores, "reward_low_FP_rate").score).toBeGreaterThanOrEqual(71.5);
  expect(nabScore(corpus, scores, "reward_low_FN_rate").score).toBeGreaterThanOrEqual(79);
});

test("each family of views sees incidents of its kind", () => {
  const seen = VIEW_FAMILIES.map(() => 0);
  for (const { times, values, windows } of corpus) {
    const detector = new AnomalyDetector();
    const most = windows.map(() => VIEW_FAMILIES.map(() => 0));
    values.forEach((value, row) => {
      detector.update(times[row] as number, value);
      windows.forEach((window, w) => {
        if (!isIn(row, window)) return;
        detector.excesses.forEach((excess, f) => {
          const of = most[w] as number[];
          of[f] = Math.max(of[f] as number, excess);
        });
      });
    });
    for (const one of most)
      one.forEach((excess, f) => {
        if (excess > 0.1) seen[f] = (seen[f] as number) + 1;
      });
  }
  const asked = {
    ...{ value: 18, lows: 22, highs: 20, running_mean: 21, flatness: 8 },
    ...{ hour_of_day: 21, hour_of_week: 21, usual_residual: 21, silence: 5 },
  };
  VIEW_FAMILIES.forEach((family, f) => {
    expect(seen[f], family).toBeGreaterThanOrEqual(asked[family]);
  });
});

test("incidents are opened, and hardly anything else", () => {
  let found = 0;
  let outside = 0;
  for (const series of corpus) {
    const opened = openedRows(series);
    found += series.windows.filter((window) => opened.some((row) => isIn(row, window))).length;
    outside += opened.filter((row) => !series.windows.some((window) => isIn(row, window))).length;
  }
  expect(found).toBeGreaterThanOrEqual(31);
  expect(outside).toBeLessThanOrEqual(3);
});

test("a higher sensitivity opens no fewer", () => {
  const counts = [0.1, 0.3, 1, 3, 10].map((sensitivity) =>
    corpus.reduce((sum, series) => sum + openedRows(series, sensitivity).length, 0),
  );
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(counts[4]).toBeGreaterThan(2 * (counts[0] as number));
});

test.each(corpus.slice(0, OPERATIONAL.length))(
  "$name: nothing is read ahead",
  expectNothingReadAhead,
);

test("of 96 normal series of 30 days none raises more than two", () => {
  const all = falseIncidents(96).at(-1);
  expect(all).toMatchObject({ series: 96, over: 0 });
  expect(all?.mean).toBeLessThan(1.2);
});
