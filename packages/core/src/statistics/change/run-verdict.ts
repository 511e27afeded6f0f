import { clampFinite } from "../clamp.ts";
import { sizeOf, unitOf } from "./block-scale.ts";
import { type Change, LEAST_SIZE } from "./change.ts";
import { AT, LAST_DEVIATION, meanOf, RUN } from "./change-numbers.ts";

/** A run of 24 blocks is a change, however slowly the level moved. */
export const SLOW_RUN = 24;
/** A run that is smaller than a change becomes the usual level after 72 blocks. */
const SMALL_RUN = 72;
/** Least share of the whole move that an abrupt change has reached in its second to fourth block. */
const ABRUPT = 0.7;
/**
 * Largest share of the move in the blocks before an abrupt change: the blocks before a drift have more. Chosen on synthetic lines,
 * checked on the corpora.
 */
const PRIOR = 0.35;
const DAY_MS = 86_400_000;
/**
 * Reported drifts are at least 7 days apart, and a drift to the same side within 30 days of the last one is its continuation. Chosen on
 * synthetic lines.
 */
const DRIFT_MS = 7 * DAY_MS;
const SAME_DRIFT_MS = 30 * DAY_MS;

/** The verdict on a run that is a change. */
export interface RunVerdict {
  readonly change: Change;
  /** Move of the level, unit of the values. */
  readonly moved: number;
}

/**
 * Decides whether a run is a level shift or a drift. A level shift must be abrupt and settled; any other run is a drift after 24 blocks.
 * Shorter runs, such as incidents, get no verdict.
 *
 * @param isShaped Whether the shape of the day is known, or the series has none.
 * @returns Undefined while the run may still be neither.
 */
export function judgeRun(n: readonly number[], isShaped: boolean): RunVerdict | undefined {
  const earlier = meanOf(n, AT.deviations, RUN / 2);
  const later = meanOf(n, AT.deviations + RUN / 2, RUN / 2);
  const moved = (earlier + later) / 2;
  const settled =
    Math.abs(later - earlier) <= 0.3 * Math.abs(moved) + unitOf(n) &&
    n[LAST_DEVIATION]! / moved >= 0.5;
  const abrupt = n[AT.early]! / later >= ABRUPT && n[AT.prior]! / later <= PRIOR;
  const slow = n[AT.run]! >= SLOW_RUN;
  if (!(slow || (isShaped && abrupt && settled))) return undefined;
  const size = sizeOf(n, moved);
  if (size < LEAST_SIZE && n[AT.run]! < SMALL_RUN) return undefined;
  const after = meanOf(n, AT.medians, RUN);
  const change: Change = {
    kind: settled && abrupt ? "level_shift" : "drift",
    since: n[AT.runAt]!,
    before: clampFinite(after - moved),
    after: clampFinite(after),
    size,
  };
  return { change, moved };
}

/**
 * Whether a drift must be reported. Without this check a series that drifts would be reported each day, because the detector accepts a
 * new level each day. A continuing drift is reported once; drifts with alternating sides are reported at most once a week.
 */
export function isNewDrift(n: number[], timeMs: number, moved: number): boolean {
  const since = timeMs - n[AT.driftAt]!;
  const goesOn = n[AT.driftSide] === Math.sign(moved) && since < SAME_DRIFT_MS;
  if (since >= DRIFT_MS) n[AT.driftSide] = Math.sign(moved);
  if (since >= DRIFT_MS || goesOn) n[AT.driftAt] = timeMs;
  return since >= DRIFT_MS && !goesOn;
}
