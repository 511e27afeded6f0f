import { HOUR_MS } from "./hourly-profile.ts";
import type { HourBegun } from "./hourly-tail.ts";

/** A tail is silent until it has seen two days of hours; for a series slower than hourly, at least 24 samples. */
const NEEDED_MS = 48 * HOUR_MS;
const LEAST_NEEDED = 24;
/** An hour loses half of its weight in 14 days or in 100 usual intervals, whichever is longer. */
const HALF_LIFE_MS = 14 * 24 * HOUR_MS;
const HALF_LIFE_INTERVALS = 100;

/**
 * Makes the input of `HourlyTail.beginHour`.
 *
 * @param hour The hour that begins, since 1970. @param over The last hour that had samples, since 1970.
 * @param intervalMs Usual time between samples. @param repeats Share of the samples that equal the sample before, 0 … 1.
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
