import { expect, test } from "vitest";
import { analysed } from "../bench/quality/alarms/analysed.ts";
import { loadCorpus } from "../bench/quality/nab/corpus.ts";
import { nabScore, PROFILE_NAMES } from "../bench/quality/nab/scorer.ts";
import { expectNothingReadAhead } from "./support/read-ahead.ts";

const corpus = loadCorpus();

test("the scorer gives what the reference scorer gives", () => {
  const scores = corpus.map(({ values }, k) =>
    values.map((_, i) => ((((i + 1) * (k + 7) * 7_919) % 100_003) / 100_003) ** 24),
  );
  const best = PROFILE_NAMES.map((profile) => nabScore(corpus, scores, profile));
  // Printed by score.py for the same scores, at its best thresholds and at 0.9.
  const reference = [
    [15.475, 0.971594805, 4.8834351353620455],
    [5.167, 0.98215493, -49.27443095285932],
    [26.029, 0.896979172, 25.094703883344867],
  ] as const;
  reference.forEach(([score, threshold, at9], i) => {
    expect(best[i]?.score).toBeCloseTo(score, 2);
    expect(best[i]?.threshold).toBeCloseTo(threshold, 8);
    expect(nabScore(corpus, scores, PROFILE_NAMES[i]!, 0.9).score).toBeCloseTo(at9, 9);
  });
});

test("the development half scores what it does by --episodes alone", () => {
  const scores = corpus.map((series) => analysed(series, { alarm_budget: 2 }).episodes);
  // Asked: 82, 78, 86.
  expect(nabScore(corpus, scores, "standard").score).toBeGreaterThanOrEqual(65);
  expect(nabScore(corpus, scores, "reward_low_FP_rate").score).toBeGreaterThanOrEqual(52);
  expect(nabScore(corpus, scores, "reward_low_FN_rate").score).toBeGreaterThanOrEqual(71);
});

test.each(corpus)("$name: nothing is read ahead", expectNothingReadAhead);

test("the four series without a label open five anomalies at most in their fourteen days", () => {
  const without = corpus.filter(({ windows }) => windows.length === 0);
  expect(without).toHaveLength(4);
  // All but one are of a job that is new to its series: it is usual from its fourth day on.
  const opened = without.map((series) => analysed(series).incidents.length);
  expect(opened.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(5);
});
