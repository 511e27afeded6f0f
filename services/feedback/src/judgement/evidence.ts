import type { Forecast } from "@mapek/core/stats";
import { clamp } from "@mapek/core/stats";
import { Verdict } from "./effectiveness.ts";

/** Two-sided 5 % of the normal distribution. */
const NORMAL_QUANTILE = 1.96;
/** What one action counts beside those before it. */
const NEWEST_SHARE = 0.3;
/** Standard deviation of the running mean where actions do nothing. */
const NOISE = Math.sqrt(NEWEST_SHARE / (2 - NEWEST_SHARE));
/** The running mean's limit in its standard deviations: passed by noise in 3 of 100 cases, to either side. */
const LIMIT = 2.2 * NOISE;
/** No single action counts for more: noise has heavier tails than one thinks. */
const LARGEST_SCORE = 5;

/** Which way an action moves its setting: 1 up, -1 down, 0 neither. */
export type Direction = 1 | -1 | 0;

/** Running means of the scores of a loop's actions, by their direction: below 0 they help. */
export interface Evidence {
  up: number;
  down: number;
  neither: number;
}

export const noEvidence = (): Evidence => ({ up: 0, down: 0, neither: 0 });

/**
 * How far an objective, smaller is better, came away from what would have come without the action, in standard
 * deviations of noise; 0 where it is no more than 5 % (at least 0.005).
 *
 * Source of the correction for few degrees of freedom: Abramowitz and Stegun (1964), 26.7.5, first term.
 */
export function scoreOf(change: number, { expected, variance, freedom }: Forecast): number {
  if (Math.abs(change) <= Math.max(0.005, 0.05 * Math.abs(expected))) return 0;
  const widening = 1 + (NORMAL_QUANTILE ** 2 + 1) / (4 * freedom);
  const score = change / (Math.sqrt(variance) * widening);
  return clamp(score, -LARGEST_SCORE, LARGEST_SCORE);
}

/**
 * Adds an action's score to those of its kind and judges it by all of them: steps are small, and what one does is
 * mostly less than its noise. An action that went the other way itself is not judged by the others.
 *
 * Source: Roberts (1959), Technometrics 1(3), 239–250, control charts of exponentially weighted moving averages.
 */
export function weigh(evidence: Evidence, direction: Direction, score: number): Verdict {
  const kind = direction > 0 ? "up" : direction < 0 ? "down" : "neither";
  evidence[kind] += NEWEST_SHARE * (score - evidence[kind]);
  const mean = evidence[kind];
  if (Math.abs(mean) <= LIMIT || mean * score <= 0) return Verdict.Neutral;
  return mean < 0 ? Verdict.Helped : Verdict.Hurt;
}
