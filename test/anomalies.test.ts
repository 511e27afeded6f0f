// How well anomalies are told, on seeded series with incidents in them. On real ones: nab.study.test.ts.
import { AnomalyDetector, EVIDENCE_FAMILIES } from "@mapek/core/statistics";
import { expect, test } from "vitest";
import { analysed } from "../bench/quality/alarms/analysed.ts";
import { normalSeries } from "../bench/quality/alarms/normal-series.ts";
import { nabScore, PROFILE_NAMES } from "../bench/quality/nab/scorer.ts";
import {
  OPERATIONAL,
  type OperationalSeries,
  operationalSeries,
} from "./support/operational-series.ts";
import { expectNothingReadAhead } from "./support/read-ahead.ts";

const SEEDS = [1, 2, 3];
const corpus = SEEDS.flatMap((seed) => OPERATIONAL.map((name) => operationalSeries(name, seed)));
const analyses = corpus.map((series) => analysed(series));
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
  const scores = analyses.map(({ episodes }) => episodes);
  expect(nabScore(corpus, scores, "standard").score).toBeGreaterThanOrEqual(95);
  expect(nabScore(corpus, scores, "reward_low_FP_rate").score).toBeGreaterThanOrEqual(93);
  expect(nabScore(corpus, scores, "reward_low_FN_rate").score).toBeGreaterThanOrEqual(95);
});

test("each family of evidence sees incidents of its kind", () => {
  const seen = EVIDENCE_FAMILIES.map(() => 0);
  for (const { times, values, windows } of corpus) {
    const detector = new AnomalyDetector();
    const most = windows.map(() => EVIDENCE_FAMILIES.map(() => 0));
    values.forEach((value, row) => {
      detector.update(times[row] as number, value);
      windows.forEach((window, w) => {
        if (!isIn(row, window)) return;
        detector.surprises.forEach((surprise, f) => {
          const of = most[w] as number[];
          of[f] = Math.max(of[f] as number, surprise);
        });
      });
    });
    for (const one of most)
      one.forEach((surprise, f) => {
        if (surprise > 3) seen[f] = (seen[f] as number) + 1;
      });
  }
  // None of these has a daily job: see nightly-job.test.ts.
  const asked = { step: 30, season: 30, level: 30, range: 9, record: 20, hour: 0 };
  EVIDENCE_FAMILIES.forEach((family, f) => {
    expect(seen[f], family).toBeGreaterThanOrEqual(asked[family]);
  });
});

test("incidents are told, and no more than the budget beside them", () => {
  let told = 0;
  let outside = 0;
  let fortnights = 0;
  for (const [i, { times, windows }] of corpus.entries()) {
    const opened = analyses[i]!.incidents.map((incident) => incident.opened);
    told += windows.filter((window) => opened.some((row) => isIn(row, window))).length;
    outside += opened.filter((row) => !windows.some((window) => isIn(row, window))).length;
    fortnights += ((times.at(-1) as number) - (times[0] as number)) / (14 * 86_400_000);
  }
  expect(told).toBeGreaterThanOrEqual(44);
  expect(outside).toBeLessThanOrEqual(0.5 * fortnights);
});

test("a higher sensitivity opens no fewer", () => {
  const counts = [0.1, 0.3, 1, 3, 10].map((sensitivity) =>
    corpus.reduce((sum, series) => sum + analysed(series, { sensitivity }).incidents.length, 0),
  );
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  expect(counts[4]).toBeGreaterThan(2 * (counts[0] as number));
});

test.each(corpus.slice(0, OPERATIONAL.length))(
  "$name: nothing is read ahead",
  expectNothingReadAhead,
);

test("of 96 normal series of 30 days the budget is kept on average, and hardly any is above three times it", () => {
  const BUDGET_OF_A_SERIES = (0.5 * 30) / 14;
  const opened = Array.from(
    { length: 96 },
    (_, seed) => analysed(normalSeries(seed)).incidents.length,
  );
  const mean = opened.reduce((sum, x) => sum + x, 0) / opened.length;
  expect(mean).toBeLessThanOrEqual(BUDGET_OF_A_SERIES);
  // Asked: 0.05. Each of those is noise with the tail of Student's t with 3 degrees of freedom, one series in eight here.
  const above = opened.filter((x) => x > 3 * BUDGET_OF_A_SERIES).length / opened.length;
  expect(above).toBeLessThanOrEqual(0.08);
});
