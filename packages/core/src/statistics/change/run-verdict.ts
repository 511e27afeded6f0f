import { clampFinite } from "../clamp.ts";
import { sizeOf, unitOf } from "./block-scale.ts";
import { type Change, LEAST_SIZE } from "./change.ts";
import { AT, LAST_DEVIATION, meanOf, RUN } from "./change-numbers.ts";

/** A run is a change from so many blocks on, however slowly it came. */
export const SLOW_RUN = 24;
/** A run that is off by less than a change is the usual level from so many blocks on. */
const SMALL_RUN = 72;
/** Share of the new level that an abrupt change has reached in its second to fourth block. */
const ABRUPT = 0.7;
/** Share of it that the blocks before had at most: those of a drift had much. Chosen on synthetic lines, checked on the corpora. */
const PRIOR = 0.35;
const DAY_MS = 86_400_000;
/** Drifts are told this far apart, and one to the same side within so long of the last is that one going on. Chosen on synthetic lines. */
const DRIFT_MS = 7 * DAY_MS;
const SAME_DRIFT_MS = 30 * DAY_MS;

/** What a run has turned out to be. */
export interface RunVerdict {
  readonly change: Change;
  /** By how much the level has moved, unit of the values. */
  readonly moved: number;
}

/**
 * A run is a level shift only where it came at once and has settled; a run that went on for 24 blocks is a drift. Anything
 * shorter, an incident for instance, is not judged yet.
 *
 * @param isShaped Whether the day of the series is known, or it has none.
 * @returns Undefined as long as the run may still be neither.
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
 * A drift that goes on is told once, and drifts that take turns at most once a week: the detector accepts a level each day
 * that a series drifts.
 */
export function isNewDrift(n: number[], timeMs: number, moved: number): boolean {
  const since = timeMs - n[AT.driftAt]!;
  const goesOn = n[AT.driftSide] === Math.sign(moved) && since < SAME_DRIFT_MS;
  if (since >= DRIFT_MS) n[AT.driftSide] = Math.sign(moved);
  if (since >= DRIFT_MS || goesOn) n[AT.driftAt] = timeMs;
  return since >= DRIFT_MS && !goesOn;
}
