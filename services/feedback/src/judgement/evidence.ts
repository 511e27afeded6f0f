import type { Forecast } from "@mapek/core/statistics";
import { clamp } from "@mapek/core/statistics";
import { Judgement } from "./effectiveness.ts";

/** Two-sided 5 % quantile of the normal distribution. */
const NORMAL_QUANTILE = 1.96;
/** Weight of the newest score in the running mean. */
const NEWEST_SHARE = 0.3;
/** Standard deviation of the running mean of scores when actions have no effect. */
const NOISE = Math.sqrt(NEWEST_SHARE / (2 - NEWEST_SHARE));
/** Limit of the running mean, 2.2 of its standard deviations: noise alone exceeds it, up or down, in 3 of 100 cases. */
const LIMIT = 2.2 * NOISE;
/** Bound of one score: real noise has heavier tails than the normal distribution, and one outlier must not decide. */
const LARGEST_SCORE = 5;

/** Which way an action moves its setting: 1 up, -1 down, 0 neither. */
export type Direction = 1 | -1 | 0;

/** Running means of the scores of a loop's actions, by direction; below 0 the actions help. */
export interface Evidence {
  up: number;
  down: number;
  neither: number;
}

export const noEvidence = (): Evidence => ({ up: 0, down: 0, neither: 0 });

/**
 * The change of an objective (smaller is better) against the forecast without the action, in standard deviations
 * of noise. 0 where the change is at most 5 % of the forecast (at least 0.005).
 *
 * Source of the correction for few degrees of freedom: Abramowitz and Stegun (1964), 26.7.5, first term.
 *
 * @returns -5–5; below 0 the action helped.
 */
export function scoreOf(change: number, { expected, variance, freedom }: Forecast): number {
  if (Math.abs(change) <= Math.max(0.005, 0.05 * Math.abs(expected))) return 0;
  const widening = 1 + (NORMAL_QUANTILE ** 2 + 1) / (4 * freedom);
  const score = change / (Math.sqrt(variance) * widening);
  return clamp(score, -LARGEST_SCORE, LARGEST_SCORE);
}

/**
 * Folds an action's score into the running mean of its direction and judges the action by that mean, because the
 * effect of one small step is mostly smaller than its noise. Neutral while the mean is within its limit, and
 * where the action's own score has the opposite sign of the mean.
 *
 * Source: Roberts (1959), Technometrics 1(3), 239–250, control charts of exponentially weighted moving averages.
 */
export function weigh(evidence: Evidence, direction: Direction, score: number): Judgement {
  const kind = direction > 0 ? "up" : direction < 0 ? "down" : "neither";
  evidence[kind] += NEWEST_SHARE * (score - evidence[kind]);
  const mean = evidence[kind];
  if (Math.abs(mean) <= LIMIT || mean * score <= 0) return Judgement.Neutral;
  return mean < 0 ? Judgement.Helped : Judgement.Hurt;
}
