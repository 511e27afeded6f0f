import { quantile } from "@mapek/core/statistics";
import type { Verdict } from "./judge.ts";

/** A budget counts false incidents in so many days. */
export const BUDGET_DAYS = 14;
/** A series that has more than so many times its budget breaks the promise. */
const BROKEN_AT = 3;

/** The verdicts over the series of a corpus as one. */
export interface Tally {
  readonly series: number;
  readonly events: number;
  readonly told: number;
  readonly incidents: number;
  readonly falseOnes: number;
  /** False incidents a series in 14 days. */
  readonly falseRate: number;
  /** Share of incidents that are not false; NaN without incidents. */
  readonly precision: number;
  /** Rows; NaN where nothing was told. */
  readonly delayMedian: number;
  readonly delayP90: number;
}

export function tally(verdicts: readonly Verdict[]): Tally {
  const sum = (of: (verdict: Verdict) => number) =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  const incidents = sum((verdict) => verdict.incidents);
  const falseOnes = sum((verdict) => verdict.falseOnes);
  const delays = Float64Array.from(verdicts.flatMap((verdict) => verdict.delays));
  const delay = (share: number) => (delays.length === 0 ? Number.NaN : quantile(delays, share));
  return {
    series: verdicts.length,
    events: sum((verdict) => verdict.events),
    told: sum((verdict) => verdict.told),
    incidents,
    falseOnes,
    falseRate: (falseOnes / sum(({ days }) => days)) * BUDGET_DAYS,
    precision: (incidents - falseOnes) / incidents,
    delayMedian: delay(0.5),
    delayP90: delay(0.9),
  };
}

/** False incidents from which on a series of so many days breaks the promise of a budget: more than three times it. */
export const falseLimit = (budget: number, days: number): number =>
  (BROKEN_AT * budget * days) / BUDGET_DAYS;

/** Share of series whose own rate of false incidents is at most three times the budget. */
export function withinShare(verdicts: readonly Verdict[], budget: number): number {
  const within = verdicts.filter(({ falseOnes, days }) => falseOnes <= falseLimit(budget, days));
  return within.length / verdicts.length;
}

/**
 * Share of series of so many days within three times the budget, if each kept it exactly and its false incidents came by
 * chance (Poisson). In a few days one false incident is above it.
 */
export function chanceWithin(budget: number, days: number): number {
  const mean = (budget * days) / BUDGET_DAYS;
  let [term, within] = [Math.exp(-mean), 0];
  for (let count = 0; count <= falseLimit(budget, days); count++) {
    within += term;
    term *= mean / (count + 1);
  }
  return within;
}
