import { between } from "../../curve.ts";
import { clamp, clampFinite, within } from "../clamp.ts";
import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import { halfDoubles, readHalf, writeHalf } from "../memory/half-doubles.ts";
import { bucketOf } from "./hour-bucket.ts";

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
/** Share that a series without a season shows by chance. */
const CHANCE = 0.15;
/** An hour counts with at most this many usual deviations from its expectation. */
const LIMIT = 4;
const SPREAD_RATE = 0.01;

/** Deviation of a normal variable over its mean absolute deviation. */
const PER_MEAN_ABSOLUTE = 1.2533141373155;

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
/** Season of the hour that was asked for last; derived, not saved. */
const ASKED_HOUR = 8;
const ASKED = 9;
const WHOLE = 10;
/** Places of halves: the hours of the day, then the double hours of the week. */
const DAY = 2 * WHOLE;
const WEEK = DAY + DAY_HOURS;
const END = WEEK + WEEK_BUCKETS;

const week = new Float64Array(WEEK_HOURS);

/** State of a `SeasonalProfile`: plain JSON. */
export interface SeasonalProfileSnapshot {
  numbers: readonly number[];
  /** Deviations of the 24 hours of a day; empty before the second hour. */
  day: readonly number[];
  /** What the 84 double hours of a week add to them; empty in the first two days. */
  week: readonly number[];
}

/**
 * The season: the hour of the day and of the week add to a series' level only as far as the profile explains the series, so
 * the profile of a series without a season adds nothing.
 *
 * The mean of an hour enters when the hour is over, as deviation from the mean of about a day, limited to four usual
 * deviations. The share, 0 … 1, is the regression of deviations on the profile's earlier expectations, less the share that
 * chance shows.
 *
 * Cost: O(1); 160 bytes in the first hour, 260 up to the third day, 600 from then on.
 */
export class SeasonalProfile {
  /** Numbers, then halves: those of the day from the second hour on, those of the week from the third day on. */
  #numbers = doubles(WHOLE, 0);

  constructor() {
    this.#numbers[ASKED_HOUR] = Number.NaN;
  }

  /** What the season adds at this local time (ms), unit of the values; 0 while nothing is known. */
  value(localTimeMs: number): number {
    const numbers = this.#numbers;
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== numbers[ASKED_HOUR]) {
      numbers[ASKED_HOUR] = hour;
      numbers[ASKED] = this.#share() * this.#expected(hour);
    }
    return numbers[ASKED]!;
  }

  /**
   * The season without steps: the hour's own value in the middle of an hour, a straight line between two middles. An hour
   * without samples adds 0, so series slower than one sample an hour are read with `value`. Cost: about 50 ns.
   */
  smoothValue(localTimeMs: number): number {
    const place = localTimeMs / HOUR_MS - 0.5;
    const hour = Math.floor(place);
    const share = this.#share();
    return between(share * this.#expected(hour), share * this.#expected(hour + 1), place - hour);
  }

  /**
   * Share of the variance of hourly means that the hours of the week explain, 0 … 1: the variance of the season, against the
   * usual deviation of an hour from its expectation. Undefined in the first two days. Cost: 2 µs.
   */
  get strength(): number | undefined {
    if (!this.#knows(END)) return undefined;
    const share = this.#share();
    const deviation = PER_MEAN_ABSOLUTE * this.#numbers[SPREAD]!;
    // All in units of `scale`, the largest number, so that no square overflows.
    let scale = deviation;
    for (let hour = 0; hour < WEEK_HOURS; hour++) {
      week[hour] = share * this.#expected(hour);
      scale = Math.max(scale, Math.abs(week[hour]!));
    }
    if (scale === 0) return 0;
    let sum = 0;
    let squares = 0;
    for (const expected of week) {
      sum += expected / scale;
      squares += (expected / scale) ** 2;
    }
    const explained = Math.max(0, squares / WEEK_HOURS - (sum / WEEK_HOURS) ** 2);
    return explained === 0 ? 0 : explained / (explained + (deviation / scale) ** 2);
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

  snapshot(): SeasonalProfileSnapshot {
    const halves = (from: number, to: number) =>
      Array.from({ length: this.#knows(to) ? to - from : 0 }, (_, i) =>
        readHalf(this.#numbers, from + i),
      );
    return {
      numbers: this.#numbers.slice(0, NUMBERS),
      day: halves(DAY, WEEK),
      week: halves(WEEK, END),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ numbers, day, week }: SeasonalProfileSnapshot): SeasonalProfile {
    requireSnapshot(
      numbers.length === NUMBERS &&
        (day.length === 0 || day.length === DAY_HOURS) &&
        (week.length === 0 || (week.length === WEEK_BUCKETS && day.length > 0)),
      "not a seasonal profile",
    );
    requireSnapshot(
      [...numbers, ...day, ...week].every(Number.isFinite),
      "a number of the seasonal profile is not finite",
    );
    const restored = new SeasonalProfile();
    if (day.length > 0) restored.#learnUpTo(week.length > 0 ? END : WEEK);
    for (let i = 0; i < NUMBERS; i++) restored.#numbers[i] = numbers[i]!;
    for (let i = 0; i < day.length; i++) writeHalf(restored.#numbers, DAY + i, day[i]!);
    for (let i = 0; i < week.length; i++) writeHalf(restored.#numbers, WEEK + i, week[i]!);
    return restored;
  }

  /** Whether there are halves up to this place. */
  #knows(end: number): boolean {
    return 2 * this.#numbers.length >= end;
  }

  #learnUpTo(end: number): void {
    if (this.#knows(end)) return;
    const grown = halfDoubles(end);
    for (let i = 0; i < this.#numbers.length; i++) grown[i] = this.#numbers[i]!;
    this.#numbers = grown;
  }

  #expected(hour: number): number {
    if (!this.#knows(WEEK)) return 0;
    const ofDay = readHalf(this.#numbers, dayPlace(hour));
    return this.#knows(END) ? ofDay + readHalf(this.#numbers, weekPlace(hour)) : ofDay;
  }

  #share(): number {
    const variance = this.#numbers[VARIANCE]!;
    if (variance === 0) return 0;
    const shown = this.#numbers[COVARIANCE]! / variance;
    return clamp((shown - CHANCE) / (1 - CHANCE), 0, 1);
  }

  /** Takes in the hour that is over. */
  #fold(): void {
    const mean = this.#numbers[SUM]! / this.#numbers[COUNT]!;
    if (this.#numbers[COUNT] === 0 || !Number.isFinite(mean)) return;
    const seen = this.#numbers[HOURS_SEEN]! + 1;
    this.#learnUpTo(seen > 2 * DAY_HOURS ? END : WEEK);
    const numbers = this.#numbers;
    numbers[ASKED_HOUR] = Number.NaN;
    numbers[HOURS_SEEN] = seen;
    if (seen === 1) numbers[LEVEL] = mean;
    const levelRate = Math.max(1 / DAY_HOURS, 1 / seen);
    numbers[LEVEL]! += levelRate * clampFinite(mean - numbers[LEVEL]!);
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
    this.#move(dayPlace(hour), Math.max(DAY_RATE, 1 / days) * deviation);
    if (!this.#knows(END)) return;
    const rest = within(mean - numbers[LEVEL]! - this.#expected(hour), limit);
    const weeks = Math.floor(seen / WEEK_HOURS);
    // A bucket takes in two hours a week.
    this.#move(weekPlace(hour), (Math.max(WEEK_RATE, 1 / (2 + weeks)) * rest) / 2);
  }

  #move(place: number, step: number): void {
    writeHalf(this.#numbers, place, readHalf(this.#numbers, place) + step);
  }
}

const dayPlace = (hour: number): number => DAY + bucketOf(hour, DAY_HOURS);
const weekPlace = (hour: number): number => WEEK + (bucketOf(hour, WEEK_HOURS) >> 1);
