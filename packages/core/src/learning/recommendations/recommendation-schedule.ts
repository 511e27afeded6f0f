import type { SeriesSettings } from "../../contract/index.ts";
import type { RecommendationMade } from "../events.ts";

/** From this many samples on there is a recommendation; a provisional one at first. */
export const FIRST_RECOMMENDATION = 16;
/** In place of a number of samples; Infinity would need memory of its own. */
const NEVER = -1;

/**
 * `isDue` says whether a recommendation is due: from an event time (ms) on, or from a number of samples on. Each sample asks
 * it, so that it is two comparisons and no more.
 *
 * @param points Samples in the history.
 */
export const isDue = (time: number, points: number, dueAt: number, dueCount: number): boolean =>
  time >= dueAt || (dueCount !== NEVER && points >= dueCount);

/**
 * `nextDueAt` is the event time (ms) of the next recommendation: `optimization_interval` after the last attempt, however many
 * samples come.
 *
 * @param triedAt When the last one was made, or was tried with too few samples; undefined before the first.
 */
export const nextDueAt = (
  { optimization_interval }: SeriesSettings,
  triedAt: number | undefined,
): number =>
  triedAt === undefined ? Number.POSITIVE_INFINITY : triedAt + optimization_interval * 1_000;

/** What {@link nextDueCount} goes by. */
interface Attempt {
  /** Samples in the history. */
  readonly points: number;
  /** The newest recommendation in the history. */
  readonly last: RecommendationMade | undefined;
  /** Whether there were too few samples for another one just now. */
  readonly isTooEarly: boolean;
  /** How many samples there are to learn from. Cost: O(window). */
  readonly learnable: () => number;
}

/**
 * `nextDueCount` lets a series wait no longer than it must: the number of samples from which on its first recommendation is
 * due, or the one that replaces a provisional one, whatever the time is.
 */
export function nextDueCount(
  { min_data_points }: SeriesSettings,
  { points, last, isTooEarly, learnable }: Attempt,
): number {
  if (isTooEarly) return Math.max(FIRST_RECOMMENDATION, points + 1);
  if (last === undefined) return Math.max(FIRST_RECOMMENDATION, points);
  return last.provisional ? points + Math.max(0, min_data_points - learnable()) : NEVER;
}
