import type { SeriesSettings } from "../../contract/index.ts";
import type { RecommendationMade } from "../events.ts";

/** Number of samples from which on there is a recommendation; the first one may be provisional. */
export const FIRST_RECOMMENDATION = 16;
/** Stands for no number of samples, since Infinity would need a heap number for each series. */
const NEVER = -1;

/**
 * `isDue` says whether a recommendation is due: from an event time (ms) on, or from a number of samples on. `isDue` runs for
 * each sample and must stay this cheap.
 *
 * @param points Number of samples that entered the window, ever.
 */
export const isDue = (time: number, points: number, dueAt: number, dueCount: number): boolean =>
  time >= dueAt || (dueCount !== NEVER && points >= dueCount);

/**
 * `nextDueAt` is the event time (ms) of the next recommendation: `optimization_interval` after the last attempt, for any
 * number of samples.
 *
 * @param triedAt Event time of the last recommendation or failed attempt; undefined before the first.
 */
export const nextDueAt = (
  { optimization_interval }: SeriesSettings,
  triedAt: number | undefined,
): number =>
  triedAt === undefined ? Number.POSITIVE_INFINITY : triedAt + optimization_interval * 1_000;

/** Arguments of {@link nextDueCount}. */
interface Attempt {
  /** Number of samples that entered the window, ever. */
  readonly points: number;
  /** The newest recommendation in the history. */
  readonly last: RecommendationMade | undefined;
  /** Whether the attempt just now found too few samples. */
  readonly isTooEarly: boolean;
  /** Number of samples to learn from. Cost: O(window). */
  readonly learnable: () => number;
}

/**
 * `nextDueCount` keeps a series from waiting for the interval in vain: the number of samples from which on the first
 * recommendation is due, or the one that replaces a provisional one, at any event time.
 */
export function nextDueCount(
  { min_data_points }: SeriesSettings,
  { points, last, isTooEarly, learnable }: Attempt,
): number {
  if (isTooEarly) return Math.max(FIRST_RECOMMENDATION, points + 1);
  if (last === undefined) return Math.max(FIRST_RECOMMENDATION, points);
  return last.provisional ? points + Math.max(0, min_data_points - learnable()) : NEVER;
}
