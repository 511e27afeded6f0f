import { PER_MEAN_ABSOLUTE } from "../change/block-scale.ts";
import { AT } from "../change/change-numbers.ts";
import type { WeeklyShape } from "./weekly-shape.ts";

/** Age of a shape from which on its week is known, hours. */
export const WEEK_HOURS = 192;
/**
 * Age until which the week is too little known for a sudden shift, hours: a series' second weekend was told as one. Chosen on
 * synthetic weeks.
 */
export const SECOND_WEEK_HOURS = 360;
/** A change that begins with the weekend must last longer than it; one that begins with the week, longer than its workdays. */
const WEEKEND_MS = 60 * 3_600_000;
const WORKDAYS_MS = 130 * 3_600_000;
/** Range of the hours from which on a series follows the day, in deviations of samples. */
const DAILY_RANGE = 4;
/** Days are counted from Monday. */
const FRIDAY = 4;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Without it the first weekend of a series that follows the day would be a level shift, and the Monday after it another:
 * while the week is not known, a change has to last longer than the part of the week that it may be.
 *
 * @param knownHours Age of the shape from which on there is no doubt: `WEEK_HOURS` or `SECOND_WEEK_HOURS`.
 * @param lastedMs How long that which began at a local time has lasted.
 */
export function mayBeWeek(
  n: readonly number[],
  shape: WeeklyShape | undefined,
  knownHours: number,
  beganLocalMs: number,
  lastedMs: number,
): boolean {
  if (shape === undefined || n[AT.shaped] === 0 || shape.ageHours >= knownHours) return false;
  const isDaily = shape.dailyRange >= DAILY_RANGE * n[AT.noise]! * PER_MEAN_ABSOLUTE;
  const beganOnWorkday = weekdayOf(beganLocalMs - shape.ageHours * HOUR_MS) < FRIDAY;
  if (!isDaily && (beganOnWorkday || shape.ageHours >= WEEK_HOURS)) return false;
  const begun = weekdayOf(beganLocalMs);
  const nearWeekend = begun > FRIDAY || begun === 0;
  return lastedMs < (nearWeekend ? WORKDAYS_MS : WEEKEND_MS);
}

/** 1970-01-01 was a Thursday. */
const weekdayOf = (localMs: number): number => (((Math.floor(localMs / DAY_MS) + 3) % 7) + 7) % 7;
