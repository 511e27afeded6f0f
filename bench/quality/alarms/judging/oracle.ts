import { quantiles } from "@mapek/core/statistics";
import { judge, type Verdict } from "./judge.ts";
import { gapRows, type JudgedSeries, judgedDays } from "./judged-series.ts";
import { BUDGET_DAYS } from "./tally.ts";

/** Thresholds that are tried: as many scores lie above as 10 to the power of −6 … −1.2, in 60 steps. */
const STEPS = 60;
const RAREST = -6;
const MOST_USUAL = -1.2;

/** A series, and what a detector that has no alarm of its own says of each row. */
export interface Scored {
  readonly series: JudgedSeries;
  readonly scores: Float64Array;
}

/** Rows of alarms at a threshold: one that is nearer than the gap to the last one kept belongs to it. */
function alarmRows(scores: Float64Array, threshold: number, from: number): number[] {
  const gap = gapRows(scores.length);
  const rows: number[] = [];
  for (let row = from; row < scores.length; row++)
    if (scores[row]! >= threshold) {
      rows.push(row);
      row += gap;
    }
  return rows;
}

/** What each series gets at a threshold. */
export const verdictsAt = (corpus: readonly Scored[], threshold: number): Verdict[] =>
  corpus.map(({ series, scores }) => {
    const rows = alarmRows(scores, threshold, series.from);
    return judge(
      series,
      rows.map((row) => ({ opened: row, closed: row })),
    );
  });

/**
 * The one threshold for all series that tells most events within the budget. Where it is judged on what it is chosen on,
 * no user could have had it: it is the most that can be had from these scores.
 *
 * @param budget False incidents a series in 14 days. @returns Infinity where no threshold keeps within it.
 */
export function bestThreshold(corpus: readonly Scored[], budget: number): number {
  const days = corpus.reduce((sum, { series }) => sum + judgedDays(series), 0);
  const allowed = (budget * days) / BUDGET_DAYS;
  let best = Number.POSITIVE_INFINITY;
  let bestTold = 0;
  for (const threshold of thresholdsOf(corpus)) {
    const verdicts = verdictsAt(corpus, threshold);
    const told = verdicts.reduce((sum, one) => sum + one.told, 0);
    const falseOnes = verdicts.reduce((sum, one) => sum + one.falseOnes, 0);
    if (falseOnes > allowed || told < bestTold) continue;
    best = threshold;
    bestTold = told;
  }
  return best;
}

/** The highest first. */
function thresholdsOf(corpus: readonly Scored[]): number[] {
  const judged = corpus.map(({ series, scores }) =>
    scores.subarray(series.from).filter((score) => score > 0),
  );
  const pool = new Float64Array(judged.reduce((sum, scores) => sum + scores.length, 0));
  let end = 0;
  for (const scores of judged) {
    pool.set(scores, end);
    end += scores.length;
  }
  if (pool.length === 0) return [];
  const shares = Array.from(
    { length: STEPS },
    (_, i) => 1 - 10 ** (RAREST + ((MOST_USUAL - RAREST) * i) / (STEPS - 1)),
  );
  return [...new Set(quantiles(pool, shares.toReversed()))].toReversed();
}
