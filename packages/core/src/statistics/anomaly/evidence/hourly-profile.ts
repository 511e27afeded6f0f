import { requireSnapshot } from "../../errors.ts";
import { copiedDoubles, doubles } from "../../memory/doubles.ts";
import { halfDoubles, readHalf, writeHalf } from "../../memory/half-doubles.ts";
import type { DayBegun } from "../../season/trend-of-days.ts";

export const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** An hour's mean moves the day's shape by at least this share of what it is off. */
const RATE = 0.2;
/** Days of an hour from which on its mean is clipped. */
const CLIPPED_FROM = 2;
/** An hour's mean is learned as at most so many usual deviations off, and as less where it is further off. */
const MOST_DEVIATIONS = 3;
/** What a week's trend learns of an hour. */
const OFFSET_RATE = 1 / 168;
/** Counts of days beyond this are as good as it. */
const MOST_DAYS = 1_000;
/** In place of a deviation that was not seen yet. */
const UNSEEN = 1e300;

/** Places of the halves: per hour of the day its mean, days, and usual deviation; per hour of the week its part and the last deviation. */
const MEANS = 0;
const DAYS = MEANS + DAY_HOURS;
const DEVIATIONS = DAYS + DAY_HOURS;
const WEEKLY = DEVIATIONS + DAY_HOURS;
const LAST_WEEK = WEEKLY + WEEK_HOURS;
const HALVES = LAST_WEEK + WEEK_HOURS;

/** Places of the numbers: the hour that is not over (since 1970), sum and count of its samples, and the first hour's mean. */
const PRESENT = 0;
const SUM = 1;
const COUNT = 2;
const ANCHOR = 3;
/** How far the last week's hours were above what their days said: a trend, behind which the days are. */
const OFFSET = 4;
/** Hours that were compared with their day. */
const COMPARED = 5;
/** Median of what the last week's hours were off, as of the last midnight. */
const MIDDLE = 6;
const NUMBERS = 7;

/** Deviations that an hour is off at most: from hours that never varied, too. */
const FURTHEST = 1e6;

const sorted = new Float64Array(WEEK_HOURS);

/** What an hour was that is over. */
export interface HourOver {
  /** Samples that it had; 0 while no hour ended with the last sample. */
  samples: number;
  /** How far its mean was from its usual one, and from last week's, in usual deviations of it, 0 … 1e6; 0 on its first day. */
  deviations: number;
  /** The same, unit of the values. */
  distance: number;
}
/** The hour that was over with the last sample of any series. */
const ended: HourOver = { samples: 0, deviations: 0, distance: 0 };

/**
 * What a series' hours usually are: a mean by hour of the day, and what two weeks agree on beyond it by hour of the week.
 *
 * One outage moves the mean of its hours by a fifth of three usual deviations at most, and a weekly part only when it comes again.
 * Source: the profile of the calibrated ensemble in which these constants were chosen (kpi, wsd, cloud, NAB's development half).
 *
 * Cost: O(24) when an hour ends, O(1) otherwise; 1.6 KB from the end of the first hour on.
 */
export class HourlyProfile {
  /** Means are kept as distances from the first hour's: a large offset costs no digits. */
  #halves: number[] | undefined;
  readonly #numbers = doubles(NUMBERS, 0);
  readonly seasonal: boolean;

  /** @param seasonal Whether hours differ: else there is one mean, which follows the last hours. */
  constructor(seasonal = true) {
    this.seasonal = seasonal;
  }

  /** What the hour of `hour` (hours since 1970, local) usually is; undefined before that hour of a day was over once. */
  at(hour: number): number | undefined {
    const halves = this.#halves;
    if (halves === undefined) return undefined;
    const ofWeek = this.#placeOf(hour);
    const ofDay = ofWeek % DAY_HOURS;
    if (readHalf(halves, DAYS + ofDay) === 0) return undefined;
    const distance = readHalf(halves, MEANS + ofDay) + readHalf(halves, WEEKLY + ofWeek);
    return this.#numbers[ANCHOR]! + this.#numbers[OFFSET]! + distance;
  }

  /** The hour that was over with the last sample that any series took: good until the next `update` of any. */
  get hourOver(): Readonly<HourOver> {
    return ended;
  }

  /** Takes a sample, and learns the hour before where that is over. @param hour Hours since 1970, local, whole. */
  update(hour: number, x: number): void {
    const numbers = this.#numbers;
    const last = numbers[PRESENT]!;
    ended.samples = 0;
    ended.deviations = 0;
    ended.distance = 0;
    if (hour !== last) {
      ended.samples = numbers[COUNT]!;
      if (ended.samples > 0) this.#learn(last, numbers[SUM]! / ended.samples);
      numbers[PRESENT] = hour;
      numbers[SUM] = 0;
      numbers[COUNT] = 0;
    }
    numbers[SUM]! += x;
    numbers[COUNT]!++;
  }

  /** Goes on beside the straight line that the series follows, when a day of the line begins. */
  beginDay({ localMs, rise, tilt, isNew }: Readonly<DayBegun>): void {
    this.#numbers[ANCHOR]! += rise;
    const halves = this.#halves;
    if (halves === undefined || tilt === 0) return;
    const first = Math.floor(localMs / HOUR_MS);
    for (let since = 0; since < DAY_HOURS; since++) {
      const at = MEANS + (this.#placeOf(first + since) % DAY_HOURS);
      const days = readHalf(halves, DAYS - MEANS + at);
      // A mean of days is as old as they are: behind a line by so much.
      const behind = isNew ? DAY_HOURS * Math.min(1 / RATE, (days + 1) / 2) : 0;
      writeHalf(halves, at, readHalf(halves, at) + tilt * HOUR_MS * (behind - since));
    }
    if (isNew) this.#numbers[OFFSET] = 0;
  }

  /** Moves the whole shape: its series has a new level. */
  shift(by: number): void {
    this.#numbers[ANCHOR]! += by;
  }

  snapshot(): HourlyProfileSnapshot {
    return {
      numbers: Float64Array.from(this.#numbers),
      halves: this.#halves === undefined ? null : Float64Array.from(this.#halves),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ numbers, halves }: HourlyProfileSnapshot, seasonal: boolean): HourlyProfile {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "an hour's mean is damaged",
    );
    const restored = new HourlyProfile(seasonal);
    numbers.forEach((number, at) => {
      restored.#numbers[at] = number;
    });
    if (halves === null) return restored;
    requireSnapshot(
      halves.length === HALVES / 2 && halves.every(Number.isFinite),
      "an hourly profile is damaged",
    );
    restored.#halves = copiedDoubles([...halves]);
    return restored;
  }

  #placeOf(hour: number): number {
    return this.seasonal ? ((hour % WEEK_HOURS) + WEEK_HOURS) % WEEK_HOURS : 0;
  }

  #learn(hour: number, mean: number): void {
    if (this.#halves === undefined) this.#numbers[ANCHOR] = mean;
    this.#halves ??= emptyHalves();
    const halves = this.#halves;
    const distance = mean - this.#numbers[ANCHOR]!;
    const ofWeek = this.#placeOf(hour);
    const ofDay = ofWeek % DAY_HOURS;
    const days = readHalf(halves, DAYS + ofDay);
    writeHalf(halves, DAYS + ofDay, Math.min(MOST_DAYS, days + 1));
    if (days === 0) {
      writeHalf(halves, MEANS + ofDay, distance);
      return;
    }
    const usual = readHalf(halves, MEANS + ofDay);
    const weekly = readHalf(halves, WEEKLY + ofWeek);
    const off = distance - usual - weekly - this.#numbers[OFFSET]!;
    const own = readHalf(halves, DEVIATIONS + ofDay);
    const most = MOST_DEVIATIONS * Math.max(own, meanDeviation(halves));
    const isClipped = days >= CLIPPED_FROM;
    const size = Math.abs(off);
    // What last week had at the same hour is not odd: a job that does not run on Saturdays.
    const last = readHalf(halves, LAST_WEEK + ofWeek);
    const odd = last < UNSEEN ? Math.min(size, Math.abs(off + weekly - last)) : size;
    ended.distance = odd;
    if (odd > 0) ended.deviations = Math.min(FURTHEST, (MOST_DEVIATIONS * odd) / most);
    // The further off, the less is learned: an outage leaves its hours as they were.
    const learned = isClipped && size > most ? ((off / size) * most * most) / size : off;
    const rate = Math.max(RATE, 1 / (days + 1));
    const deviation =
      days === 1 ? size : own + rate * ((isClipped ? Math.min(size, 2 * most) : size) - own);
    writeHalf(halves, DEVIATIONS + ofDay, deviation);
    writeHalf(halves, MEANS + ofDay, usual + rate * (learned + this.#numbers[OFFSET]!));
    const compared = ++this.#numbers[COMPARED]!;
    const trend = most > 0 ? Math.min(most, Math.max(-most, learned)) : learned;
    this.#numbers[OFFSET]! += Math.max(OFFSET_RATE, 1 / (compared + DAY_HOURS)) * trend;
    this.#learnWeek(ofWeek, off, isClipped ? most : Number.POSITIVE_INFINITY);
  }

  /**
   * The weekly part is what this week and the last agree on, beyond what all hours of a week are off: that is a trend. It stays as it is
   * where one of them was an outage.
   */
  #learnWeek(ofWeek: number, off: number, most: number): void {
    const halves = this.#halves!;
    const weekly = readHalf(halves, WEEKLY + ofWeek);
    const last = readHalf(halves, LAST_WEEK + ofWeek);
    writeHalf(halves, LAST_WEEK + ofWeek, weekly + off);
    if (last >= UNSEEN) return;
    const lastOff = last - weekly;
    const isOutage = Math.abs(off) > most;
    if (isOutage ? off * lastOff <= 0 : Math.abs(lastOff) > most) return;
    if (ofWeek % DAY_HOURS === 0) this.#numbers[MIDDLE] = middleOfWeek(halves);
    const usual = this.#numbers[MIDDLE]!;
    const [now, before] = [weekly + off - usual, last - usual];
    const agreed =
      now * before > 0 ? Math.sign(now) * Math.min(Math.abs(now), Math.abs(before)) : 0;
    writeHalf(halves, WEEKLY + ofWeek, agreed);
  }
}

/** State of an `HourlyProfile`. */
export interface HourlyProfileSnapshot {
  numbers: Float64Array;
  halves: Float64Array | null;
}

/** Mean deviation of the hours of the day that were seen twice; 0 before. */
function meanDeviation(halves: readonly number[]): number {
  let sum = 0;
  let count = 0;
  for (let hour = 0; hour < DAY_HOURS; hour++) {
    if (readHalf(halves, DAYS + hour) < 2) continue;
    sum += readHalf(halves, DEVIATIONS + hour);
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** Median of what the hours of the last week were off, those that were seen: no weekend moves it. */
function middleOfWeek(halves: readonly number[]): number {
  let count = 0;
  for (let hour = 0; hour < WEEK_HOURS; hour++) {
    const off = readHalf(halves, LAST_WEEK + hour);
    if (off < UNSEEN) sorted[count++] = off;
  }
  return count === 0 ? 0 : sorted.subarray(0, count).sort()[count >> 1]!;
}

function emptyHalves(): number[] {
  const halves = halfDoubles(HALVES);
  for (let hour = 0; hour < WEEK_HOURS; hour++) writeHalf(halves, LAST_WEEK + hour, 2 * UNSEEN);
  return halves;
}
