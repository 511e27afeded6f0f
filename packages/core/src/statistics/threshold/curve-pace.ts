import { PLACES } from "./followed-numbers.ts";

const { DRAWN_AT, CURVES } = PLACES;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** So many curves in a day double the tolerance: late by little is better than late by a pause. */
const TOLERANCE_CURVES = 70;
/** From about so many on each has to wait: after a minute, after a quarter of an hour at that number. */
const PAUSE_CURVES = 110;
const LONGEST_PAUSE_MS = 840_000;
const PAUSE_POWER = 16;

/**
 * No series draws more than about 100 curves a day, however it moves: the tolerance grows with the square of the curves of
 * the last day, and then each curve has to wait.
 *
 * @returns Curves of the last day, of which older ones count less.
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

/** By what the tolerance is multiplied. */
export const widenedBy = (curves: number): number => 1 + (curves / TOLERANCE_CURVES) ** 2;
