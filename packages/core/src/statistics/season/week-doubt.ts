import { PER_MEAN_ABSOLUTE } from "../change/block-scale.ts";
import { AT } from "../change/change-numbers.ts";
import type { WeeklyShape } from "./weekly-shape.ts";

/** Age from which on a `WeeklyShape` knows the week, hours. */
export const WEEK_HOURS = 192;
/**
 * Age up to which a `WeeklyShape` knows the week too little for a sudden shift, hours: with a lower age the second weekend of
 * a series was reported as a sudden shift. Chosen on synthetic weeks.
 */
export const SECOND_WEEK_HOURS = 360;
/** A change that may be a weekend must last longer than a weekend; a change that may be the workdays, longer than workdays. */
const WEEKEND_MS = 60 * 3_600_000;
const WORKDAYS_MS = 130 * 3_600_000;
/** Range of the hours from which on a series follows the day, in deviations of samples. */
const DAILY_RANGE = 4;
/** Days are counted from Monday. */
const FRIDAY = 4;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * Without `mayBeWeek` the first weekend of a series with a daily cycle would be reported as a level shift, and the next Monday
 * as another. While the week is not known, a change has to last longer than a weekend or than the workdays.
 *
 * @param knownHours Age of the shape from which on the week is known: `WEEK_HOURS` or `SECOND_WEEK_HOURS`.
 * @param beganLocalMs Local time at which the change began, ms. @param lastedMs Duration of the change so far, ms.
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
