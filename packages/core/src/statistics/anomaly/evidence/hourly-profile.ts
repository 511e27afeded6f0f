import { requireSnapshot } from "../../errors.ts";
import { copiedDoubles, doubles } from "../../memory/doubles.ts";
import { halfDoubles, readHalf, writeHalf } from "../../memory/half-doubles.ts";
import type { DayBegun } from "../../season/trend-of-days.ts";

export const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
const WEEK_HOURS = 168;
/** Least weight of the newest day in the mean of an hour of the day. */
const RATE = 0.2;
/** Clipping begins once an hour of the day was seen on two days. */
const CLIPPED_FROM = 2;
/** The profile learns at most three usual deviations from one hour, and less from an hour that is further off. */
const MOST_DEVIATIONS = 3;
/** Least weight of the newest hour in the weekly trend (`OFFSET`). */
const OFFSET_RATE = 1 / 168;
/** Upper limit of the count of days. */
const MOST_DAYS = 1_000;
/** Marks an hour of the week that was not seen yet. */
const UNSEEN = 1e300;

/** Places of the halves. By hour of the day: mean, days, usual deviation. By hour of the week: weekly part, last week's deviation. */
const MEANS = 0;
const DAYS = MEANS + DAY_HOURS;
const DEVIATIONS = DAYS + DAY_HOURS;
const WEEKLY = DEVIATIONS + DAY_HOURS;
const LAST_WEEK = WEEKLY + WEEK_HOURS;
const HALVES = LAST_WEEK + WEEK_HOURS;

/** Places of the numbers: the present hour (since 1970), sum and count of its samples, and the mean of the first hour. */
const PRESENT = 0;
const SUM = 1;
const COUNT = 2;
const ANCHOR = 3;
/** Weekly trend: mean distance of the last week's hours above the means by hour of the day, which lag behind a trend. */
const OFFSET = 4;
/** Hours that were compared with the mean of their hour of the day. */
const COMPARED = 5;
/** Median deviation of the last week's hours, computed at midnight. */
const MIDDLE = 6;
const NUMBERS = 7;

/** Upper limit of `HourOver.deviations`, so that an hour that never varied before gives a finite number. */
const FURTHEST = 1e6;

const sorted = new Float64Array(WEEK_HOURS);

/** The hour that ended with the last sample. */
export interface HourOver {
  /** Samples of the hour; 0 if no hour ended with the last sample. */
  samples: number;
  /** Distance of the hour's mean from the nearer of the usual mean and last week's mean, in usual deviations, 0 … 1e6; 0 on the first day. */
  deviations: number;
  /** The same distance in the unit of the values. */
  distance: number;
}
/** All series share this object: the next `update` of any series overwrites it. */
const ended: HourOver = { samples: 0, deviations: 0, distance: 0 };

/**
 * Learns the usual value of each hour: a mean by hour of the day, plus a weekly part by hour of the week on which two weeks agree.
 *
 * One outage moves the mean of an hour by at most a fifth of three usual deviations, and the weekly part only if the outage repeats a
 * week later.
 * Source: the profile of the calibrated ensemble in which these constants were chosen (kpi, wsd, cloud, NAB's development half).
 *
 * Cost: O(24) when an hour ends, O(1) otherwise; 1.6 KB from the end of the first hour on.
 */
export class HourlyProfile {
  /** Means are distances from the mean of the first hour, so that a large offset of the series costs no precision. */
  #halves: number[] | undefined;
  readonly #numbers = doubles(NUMBERS, 0);
  readonly seasonal: boolean;

  /** @param seasonal Whether hours differ. Otherwise one mean follows the last hours. */
  constructor(seasonal = true) {
    this.seasonal = seasonal;
  }

  /** The usual value at `hour` (hours since 1970, local); undefined before this hour of the day has ended once. */
  at(hour: number): number | undefined {
    const halves = this.#halves;
    if (halves === undefined) return undefined;
    const ofWeek = this.#placeOf(hour);
    const ofDay = ofWeek % DAY_HOURS;
    if (readHalf(halves, DAYS + ofDay) === 0) return undefined;
    const distance = readHalf(halves, MEANS + ofDay) + readHalf(halves, WEEKLY + ofWeek);
    return this.#numbers[ANCHOR]! + this.#numbers[OFFSET]! + distance;
  }

  /** The hour that ended with the last sample. All series share this object: the next `update` of any series overwrites it. */
  get hourOver(): Readonly<HourOver> {
    return ended;
  }

  /** Takes a sample; the first sample of an hour makes the profile learn the hour before. @param hour Whole hours since 1970, local. */
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

  /** Adapts the profile to the trend line of a new day: without this step a changed slope would look like a changed day. */
  beginDay({ localMs, rise, tilt, isNew }: Readonly<DayBegun>): void {
    this.#numbers[ANCHOR]! += rise;
    const halves = this.#halves;
    if (halves === undefined || tilt === 0) return;
    const first = Math.floor(localMs / HOUR_MS);
    for (let since = 0; since < DAY_HOURS; since++) {
      const at = MEANS + (this.#placeOf(first + since) % DAY_HOURS);
      const days = readHalf(halves, DAYS - MEANS + at);
      // A mean over several days lags behind a line by the mean age of these days.
      const behind = isNew ? DAY_HOURS * Math.min(1 / RATE, (days + 1) / 2) : 0;
      writeHalf(halves, at, readHalf(halves, at) + tilt * HOUR_MS * (behind - since));
    }
    if (isNew) this.#numbers[OFFSET] = 0;
  }

  /** Moves all hours by the shift of the series' level. */
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
    // An hour that equals the same hour of last week is not unusual, for instance on a day on which a daily job does not run.
    const last = readHalf(halves, LAST_WEEK + ofWeek);
    const odd = last < UNSEEN ? Math.min(size, Math.abs(off + weekly - last)) : size;
    ended.distance = odd;
    if (odd > 0) ended.deviations = Math.min(FURTHEST, (MOST_DEVIATIONS * odd) / most);
    // Beyond the limit, the learned part falls with the distance: an outage hardly changes the usual value of its hours.
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
   * The weekly part is the deviation on which this week and last week agree, less the median deviation of the week, which is a trend.
   * An outage in one of the two weeks leaves the weekly part unchanged.
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

/** Mean deviation of the hours of the day that were seen at least twice; 0 if there are none. */
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

/** Median deviation of the last week's hours that were seen. A weekend does not move a median. */
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
