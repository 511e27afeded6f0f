import { HOUR_MS } from "./hourly-profile.ts";
import type { HourBegun } from "./hourly-tail.ts";

/** Hours that a tail needs: two days of them, or of a slower series so many samples. */
const NEEDED_MS = 48 * HOUR_MS;
const LEAST_NEEDED = 24;
/** Time, and usual intervals, in which an hour loses half of its weight: the longer of the two. */
const HALF_LIFE_MS = 14 * 24 * HOUR_MS;
const HALF_LIFE_INTERVALS = 100;

/**
 * What tails must know when an hour begins.
 *
 * @param over The hour that is over, since 1970. @param intervalMs Usual time between samples. @param repeats Share of the samples that
 * repeat the one before, 0 … 1.
 */
export function hourBegun(
  hour: number,
  over: number,
  intervalMs: number,
  repeats: number,
): HourBegun {
  const interval = Math.max(HOUR_MS, intervalMs);
  const needed = Math.max(LEAST_NEEDED, Math.ceil(NEEDED_MS / interval));
  const halfLife = Math.max(HALF_LIFE_MS, HALF_LIFE_INTERVALS * interval);
  return { hour, over, needed, kept: 0.5 ** (interval / halfLife), repeats };
}
