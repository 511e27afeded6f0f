import { clampFinite, within } from "./clamp.ts";
import { copiedDoubles, doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Buckets of the week are two hours wide. */
const WEEK_BUCKETS = WEEK_HOURS / 2;
/** Least weight of the latest day in its hour, and of the latest week in its bucket. */
const DAY_RATE = 0.2;
const WEEK_RATE = 0.3;
/** Rate an hour at which the share of the season is measured: two days. */
const SHARE_RATE = 1 / 48;
/** An hour counts with at most this many usual deviations from its expectation. */
const LIMIT = 4;
const SPREAD_RATE = 0.01;

/** Places of the numbers of the state. */
const HOUR = 0;
const SUM = 1;
const COUNT = 2;
const HOURS_SEEN = 3;
/** Mean of about the last day. */
const LEVEL = 4;
/** Usual size of an hour's deviation from its expectation. */
const SPREAD = 5;
const COVARIANCE = 6;
const VARIANCE = 7;
const NUMBERS = 8;

/** State of a `SeasonalProfile`: plain JSON. */
export interface SeasonalProfileSnapshot {
  numbers: readonly number[];
  /** Deviations of the 24 hours of a day; empty before the second hour. */
  day: readonly number[];
  /** What the 84 double hours of a week add to them; empty in the first two days. */
  week: readonly number[];
}

/**
 * What the hour of the day and of the week add to a series' level, as far as it has shown to explain the series.
 *
 * Each hour's mean enters when the hour is over, as deviation from the mean of about a day; what is outside of four
 * usual deviations counts as these. The share, 0 … 1, is the regression of deviations on what the profile had said
 * before, so a profile of a series without a season adds next to nothing.
 *
 * Cost: O(1); 240 bytes in the first hour, 480 up to the third day, 1,200 from then on.
 */
export class SeasonalProfile {
  #numbers = doubles(NUMBERS, 0);
  #day: number[] = NONE;
  #week: number[] = NONE;
  /** Season of the hour that was asked for last; derived, not saved. */
  #askedHour = Number.NaN;
  #asked = 0;

  /** What the season adds at this local time (ms), unit of the values; 0 while nothing is known. */
  value(localTimeMs: number): number {
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== this.#askedHour) {
      this.#askedHour = hour;
      this.#asked = this.#share() * this.#expected(hour);
    }
    return this.#asked;
  }

  /** Takes a sample in order of time. */
  update(localTimeMs: number, x: number): void {
    const numbers = this.#numbers;
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== numbers[HOUR] || numbers[COUNT] === 0) {
      this.#fold();
      numbers[HOUR] = hour;
      numbers[SUM] = 0;
      numbers[COUNT] = 0;
    }
    numbers[SUM] = clampFinite(numbers[SUM]! + x);
    numbers[COUNT]!++;
  }

  /** After a level shift: the level is learned anew, the season stays. */
  restart(): void {
    const numbers = this.#numbers;
    numbers[SUM] = 0;
    numbers[COUNT] = 0;
    numbers[LEVEL] = Number.MAX_VALUE;
  }

  snapshot(): SeasonalProfileSnapshot {
    return { numbers: [...this.#numbers], day: [...this.#day], week: [...this.#week] };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ numbers, day, week }: SeasonalProfileSnapshot): SeasonalProfile {
    requireSnapshot(
      numbers.length === NUMBERS &&
        (day.length === 0 || day.length === DAY_HOURS) &&
        (week.length === 0 || week.length === WEEK_BUCKETS),
      "not a seasonal profile",
    );
    requireSnapshot(
      [...numbers, ...day, ...week].every(Number.isFinite),
      "a number of the seasonal profile is not finite",
    );
    const restored = new SeasonalProfile();
    restored.#numbers = copiedDoubles(numbers);
    if (day.length > 0) restored.#day = copiedDoubles(day);
    if (week.length > 0) restored.#week = copiedDoubles(week);
    return restored;
  }

  #expected(hour: number): number {
    const day = this.#day;
    if (day.length === 0) return 0;
    const week = this.#week;
    return day[bucketOf(hour, DAY_HOURS)]! + (week.length === 0 ? 0 : week[weekBucketOf(hour)]!);
  }

  #share(): number {
    const variance = this.#numbers[VARIANCE]!;
    return variance > 0 ? Math.min(1, Math.max(0, this.#numbers[COVARIANCE]! / variance)) : 0;
  }

  /** Takes in the hour that is over. */
  #fold(): void {
    const numbers = this.#numbers;
    const mean = numbers[SUM]! / numbers[COUNT]!;
    if (numbers[COUNT] === 0 || !Number.isFinite(mean)) return;
    this.#askedHour = Number.NaN;
    const seen = ++numbers[HOURS_SEEN]!;
    if (seen === 1 || numbers[LEVEL] === Number.MAX_VALUE) numbers[LEVEL] = mean;
    const levelRate = Math.max(1 / DAY_HOURS, 1 / seen);
    numbers[LEVEL]! += levelRate * clampFinite(mean - numbers[LEVEL]!);
    if (this.#day.length === 0) this.#day = doubles(DAY_HOURS, 0);
    if (seen > 2 * DAY_HOURS && this.#week.length === 0) this.#week = doubles(WEEK_BUCKETS, 0);
    const hour = numbers[HOUR]!;
    const expected = this.#expected(hour);
    const limit = seen > 2 * DAY_HOURS ? LIMIT * numbers[SPREAD]! : Number.MAX_VALUE;
    const deviation = within(mean - numbers[LEVEL]! - expected, limit);
    if (!Number.isFinite(deviation * deviation) || !Number.isFinite(expected * expected)) return;
    if (seen > DAY_HOURS) {
      const told = deviation + expected;
      numbers[COVARIANCE]! += SHARE_RATE * (told * expected - numbers[COVARIANCE]!);
      numbers[VARIANCE]! += SHARE_RATE * (expected * expected - numbers[VARIANCE]!);
      const rate = Math.max(SPREAD_RATE, 1 / (seen - DAY_HOURS));
      numbers[SPREAD]! += rate * (Math.abs(deviation) - numbers[SPREAD]!);
    }
    const days = 1 + Math.floor((seen - 1) / DAY_HOURS);
    this.#day[bucketOf(hour, DAY_HOURS)]! += Math.max(DAY_RATE, 1 / days) * deviation;
    if (this.#week.length > 0) {
      const rest = within(mean - numbers[LEVEL]! - this.#expected(hour), limit);
      const weeks = Math.floor(seen / WEEK_HOURS);
      // A bucket takes in two hours a week.
      this.#week[weekBucketOf(hour)]! += (Math.max(WEEK_RATE, 1 / (2 + weeks)) * rest) / 2;
    }
  }
}

const NONE: number[] = [];

/** Hours of times of this age are small integers, whose remainder is cheap. */
function bucketOf(hour: number, buckets: number): number {
  const small = hour | 0;
  const bucket = small === hour ? small % buckets : hour % buckets;
  return bucket < 0 ? bucket + buckets : bucket;
}

const weekBucketOf = (hour: number): number => bucketOf(hour, WEEK_HOURS) >> 1;
