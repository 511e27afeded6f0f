import { clamp } from "@mapek/core/statistics";
import { WINDOW_REPORTS } from "../performance-window.ts";

/**
 * Running means of what monitoring a system costs and finds. A look is one monitoring cycle, which sends one report.
 * Trouble is pressure beyond normal (see {@link noteReport}), in the unit of pressure.ts.
 */
export interface IntervalCost {
  count: number;
  /** Pressure in the last report. */
  pressure: number;
  /** Mean of the pressure, and mean absolute deviation from it, over about the last 300 reports. */
  normal: number;
  spread: number;
  /** Trouble in the last report, >= 0. */
  found: number;
  /** Mean trouble of the last few reports, and of about the last 20,000. */
  trouble: number;
  usualTrouble: number;
  /** Long-run mean cost of a cycle, CPU seconds; 0 before the first. */
  usualCost: number;
  /** Loss of the last report, and losses of the last ten in no order; slots not yet filled are NaN. */
  loss: number;
  readonly losses: number[];
  slot: number;
}

/** Memory of `normal` and `spread`, in reports. */
const NORMAL_REPORTS = 300;
/** Memory of `usualTrouble` and `usualCost`, in reports: long, because trouble is rare. */
const LONG_RUN_REPORTS = 20_000;
/** Weight of a report in `trouble`. */
const RECENT_WEIGHT = 1 / 3;
/** Pressure counts as beyond normal from this many mean absolute deviations on; each counts as at least {@link MIN_SPREAD}. */
const DEVIATIONS = 4;
const MIN_SPREAD = 0.01;
/** Trouble up to this value counts as none: 0.1 % of the critical line. Also keeps the ratio of troubles finite. */
const NO_TROUBLE = 0.001;
/** The ratio of a cycle's cost to the usual cost is clamped to 1/4–4. */
const COST_RATIO = 4;
/** Reports whose trouble is not counted, because `normal` and `spread` are not yet known. */
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
 * Folds one report.
 *
 * Trouble extrapolates the pressure p to the next report: p + rise − normal − 4 mean deviations, at least 0.
 * The rise is the increase since the last report, less 4 mean deviations, at least 0. So a jump counts twice,
 * and pressure in the normal range is no trouble. An outlier moves `normal` and `spread` no more than a
 * pressure at the edge of the normal range.
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
 * The objective of the monitoring interval, `look_loss`: a loss per second, scaled so that the row's own
 * interval is the best one at the usual cost and the usual trouble of this system.
 *
 * Let a look cost c CPU seconds, and let trouble arise at b pressure per second on average. Looks at
 * interval T cost c/T of the CPU. Trouble that arises between two looks stays unseen for T/2 on
 * average, so the pressure suffered per second is proportional to b · T. With v, the price of pressure
 * in CPU, J(T) = c/T + v · b · T, and dJ/dT = −c/T² + v·b = 0 gives T* = √(c / (v·b)), the square
 * root law of optimal inspection. The operator's row fixes v: its interval is assumed to be the best at
 * the usual c̄ and b̄, hence v = c̄ / (b̄ · row²), and with x = T/row
 *
 *   J(x) = (c/c̄) / x + (b/b̄) · x,   x* = √((c/c̄) · (b̄/b)),   J(1) = 2 at c̄ and b̄.
 *
 * b and b̄ are measured as trouble per look, each plus {@link NO_TROUBLE}. In a system that never had
 * trouble b/b̄ is therefore 1, and only the cost of a cycle can move the interval.
 *
 * Source: Barlow, Hunter and Proschan (1963), Optimum Checking Procedures, J. SIAM 11(4), 1078-1095.
 *
 * @param found b, trouble per look. @param stretch x.
 */
function intervalLoss(known: IntervalCost, cost: number, found: number, stretch: number): number {
  const trouble = (found + NO_TROUBLE) / (known.usualTrouble + NO_TROUBLE);
  return costRatio(known, cost) / stretch + trouble * stretch;
}

/** {@link intervalLoss} of another interval at the recent mean trouble: the prediction for a step. @param stretch x. */
export function expectedLoss(known: IntervalCost, cost: number, stretch: number): number {
  return intervalLoss(known, cost, known.trouble, stretch);
}

/** x* of {@link intervalLoss}: the best multiple of the row's interval at the recent cost and trouble; > 0. */
export function bestStretch(known: IntervalCost, cost: number): number {
  const trouble = (known.trouble + NO_TROUBLE) / (known.usualTrouble + NO_TROUBLE);
  return Math.sqrt(costRatio(known, cost) / trouble);
}

/** Whether the last few reports showed pressure beyond normal. */
export const isTroubled = (known: IntervalCost): boolean => known.trouble > NO_TROUBLE;

/** Ends the recent trouble at once; otherwise its mean would fade only over the next reports. */
export function forgetTrouble(known: IntervalCost): void {
  known.trouble = 0;
}

function costRatio(known: IntervalCost, cost: number): number {
  if (!(cost > 0) || known.usualCost === 0) return 1;
  return clamp(cost / known.usualCost, 1 / COST_RATIO, COST_RATIO);
}
