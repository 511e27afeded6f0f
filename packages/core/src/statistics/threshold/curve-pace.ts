import { PLACES } from "./followed-numbers.ts";

const { DRAWN_AT, CURVES } = PLACES;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Curves in a day that double the tolerance. A wider tolerance delays a curve by less than a pause would. */
const TOLERANCE_CURVES = 70;
/** Curves in a day at which the next curve waits for a quarter of an hour; with far fewer curves the wait is a minute. */
const PAUSE_CURVES = 110;
const LONGEST_PAUSE_MS = 840_000;
const PAUSE_POWER = 16;

/**
 * No series draws more than about 100 curves a day: the tolerance grows with the square of the curves of the last day
 * (`widenedBy`), and then each curve has to wait (`isPaused`).
 *
 * @returns Curves of about the last day; the weight of a curve falls by a factor e a day.
 */
export const curvesAt = (numbers: readonly number[], timeMs: number): number =>
  numbers[CURVES]! * Math.exp(-Math.max(0, timeMs - numbers[DRAWN_AT]!) / DAY_MS);

/** Counts a curve that is drawn at a time. */
export function countCurve(numbers: number[], timeMs: number): void {
  numbers[CURVES] = curvesAt(numbers, timeMs) + 1;
  numbers[DRAWN_AT] = timeMs;
}

/** Whether the next curve has to wait at a time. */
export const isPaused = (numbers: readonly number[], timeMs: number, curves: number): boolean =>
  timeMs <
  numbers[DRAWN_AT]! + MINUTE_MS + LONGEST_PAUSE_MS * (curves / PAUSE_CURVES) ** PAUSE_POWER;

/** Factor on the tolerance, ≥ 1. */
export const widenedBy = (curves: number): number => 1 + (curves / TOLERANCE_CURVES) ** 2;
