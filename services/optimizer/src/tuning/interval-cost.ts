import { clamp } from "@mapek/core/stats";
import { WINDOW_REPORTS } from "../performance-window.ts";

/** What looking at a system costs and finds; all means, nothing of the past is kept but the last ten losses. */
export interface IntervalCost {
  count: number;
  /** Pressure that the last look found. */
  pressure: number;
  /** Long-run mean of the pressure and of its absolute deviation from that. */
  normal: number;
  spread: number;
  /** Trouble that the last look found. */
  found: number;
  /** Trouble lately and in the long run: pressure beyond normal, 0 where there is none. */
  trouble: number;
  usualTrouble: number;
  /** CPU seconds of a cycle, long-run mean; 0 before the first. */
  usualCost: number;
  /** The loss of the last look, and of each of the last ten in no order; NaN before there are ten. */
  loss: number;
  readonly losses: number[];
  slot: number;
}

/** Reports that the means of what is normal look back on. */
const NORMAL_REPORTS = 300;
/** The long run, in which trouble is rare. */
const LONG_RUN_REPORTS = 20_000;
/** Weight of a report in the trouble of lately. */
const RECENT_WEIGHT = 1 / 3;
/** Pressure is beyond normal from this many mean deviations on, which are taken for at least {@link MIN_SPREAD}. */
const DEVIATIONS = 4;
const MIN_SPREAD = 0.01;
/** Trouble that is nothing: a tenth of a percent of the way to critical. */
const NO_TROUBLE = 0.001;
/** A cycle's cost counts as at most this many times its usual, and at least the inverse. */
const COST_RATIO = 4;
/** Reports before the means are worth anything. */
const WARM_UP_REPORTS = WINDOW_REPORTS;

export const initialIntervalCost = (): IntervalCost => ({
  count: 0,
  pressure: 0,
  normal: 0,
  spread: 0,
  found: 0,
  trouble: 0,
  usualTrouble: 0,
  usualCost: 0,
  loss: Number.NaN,
  losses: Array.from({ length: WINDOW_REPORTS }, () => Number.NaN),
  slot: 0,
});

/**
 * Folds what a look found.
 *
 * Trouble is the pressure beyond normal that the next look would find if the pressure went on moving
 * as it just did: p + rise − normal − 4 mean deviations, at least 0; the rise since the look before counts
 * beyond 4 mean deviations too. So a jump counts twice, and what is normal here counts as nothing.
 * A pressure beyond normal moves the means of what is normal no more than one at the edge of it.
 *
 * @param pressure >= 0, see pressure.ts.
 * @param cost CPU seconds of the cycle; NaN where unknown.
 * @param stretch The interval in force as a multiple of its row's.
 */
export function noteReport(
  known: IntervalCost,
  pressure: number,
  cost: number,
  stretch: number,
): void {
  const first = known.count === 0;
  if (known.count < LONG_RUN_REPORTS) known.count++;
  const { count } = known;
  const edge = DEVIATIONS * Math.max(known.spread, MIN_SPREAD);
  const rise = first ? 0 : Math.max(0, pressure - known.pressure - edge);
  const found = first ? 0 : Math.max(0, pressure + rise - known.normal - edge);
  known.pressure = pressure;
  known.found = found;
  const weight = 1 / Math.min(count, NORMAL_REPORTS);
  if (first) known.normal = pressure;
  else {
    const deviation = clamp(pressure - known.normal, -edge, edge);
    known.normal += deviation * weight;
    known.spread += (Math.abs(deviation) - known.spread) * weight;
  }
  if (count > WARM_UP_REPORTS) {
    known.trouble += (found - known.trouble) * RECENT_WEIGHT;
    known.usualTrouble += (found - known.usualTrouble) / count;
  }
  if (cost > 0)
    known.usualCost += (cost - known.usualCost) * (known.usualCost === 0 ? 1 : 1 / count);
  known.loss = intervalLoss(known, cost, found, stretch);
  known.losses[known.slot] = known.loss;
  known.slot = known.slot + 1 === WINDOW_REPORTS ? 0 : known.slot + 1;
}

/**
 * The monitoring interval's objective, as a loss per second in units that make the row's own interval
 * the best one for what is usual in this system.
 *
 * Let a look cost c CPU seconds, and let trouble come up at b pressure per second on average. Looks at
 * interval T cost c/T of the CPU. Trouble that comes up between two looks stays unseen for T/2 on
 * average, and each look is one chance to act on what is left of it: the pressure suffered per second is
 * proportional to b · T. So J(T) = c/T + v · b · T with v, the worth of pressure in CPU, and
 * dJ/dT = −c/T² + v·b = 0 gives T* = √(c / (v·b)): the square root law of optimal inspection.
 * The operator's row says what v is: its T is taken for the best at the usual c̄ and b̄, hence
 * v = c̄ / (b̄ · row²), and with x = T/row
 *
 *   J(x) = (c/c̄) / x + (b/b̄) · x,   x* = √((c/c̄) · (b̄/b)).
 *
 * b is measured as the pressure beyond normal that a look finds. 2 is the long-run mean on the row. A system that never had trouble has b̄ = 0 and stays on its row:
 * nothing is known there of what a look is worth.
 *
 * Source: Barlow, Hunter and Proschan (1963), Optimum Checking Procedures, J. SIAM 11(4), 1078-1095.
 *
 * @param found Trouble found by this look; @param stretch x.
 */
function intervalLoss(known: IntervalCost, cost: number, found: number, stretch: number): number {
  const trouble = (found + NO_TROUBLE) / (known.usualTrouble + NO_TROUBLE);
  return costRatio(known, cost) / stretch + trouble * stretch;
}

/** What {@link intervalLoss} says of another interval: its mean lately if only that had been different. */
export function expectedLoss(known: IntervalCost, cost: number, stretch: number): number {
  return intervalLoss(known, cost, known.trouble, stretch);
}

/** x*: the best multiple of the row's interval for what was measured lately; > 0. */
export function bestStretch(known: IntervalCost, cost: number): number {
  const trouble = (known.trouble + NO_TROUBLE) / (known.usualTrouble + NO_TROUBLE);
  return Math.sqrt(costRatio(known, cost) / trouble);
}

/** Whether looks lately found anything beyond normal. */
export const isTroubled = (known: IntervalCost): boolean => known.trouble > NO_TROUBLE;

/** What was found lately has gone: it counts no longer. */
export function forgetTrouble(known: IntervalCost): void {
  known.trouble = 0;
}

function costRatio(known: IntervalCost, cost: number): number {
  if (!(cost > 0) || known.usualCost === 0) return 1;
  return clamp(cost / known.usualCost, 1 / COST_RATIO, COST_RATIO);
}
