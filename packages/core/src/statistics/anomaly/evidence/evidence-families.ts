import { requireSnapshot } from "../../errors.ts";
import { copiedDoubles, doubles } from "../../memory/doubles.ts";
import type { DayBegun } from "../../season/trend-of-days.ts";
import {
  HOUR_MS,
  HourlyProfile,
  type HourlyProfileSnapshot,
  type HourOver,
} from "./hourly-profile.ts";

/** The four families of evidence, in the order of `EvidenceFamilies.sizes`. */
export const SIZES = ["step", "season", "level", "range"] as const;
export type Size = (typeof SIZES)[number];
export const STEP = 0;
export const SEASON = 1;
export const LEVEL = 2;
const RANGE = 3;

/** A step is the distance of a sample from the mean of the 5 samples before. */
const STEP_SAMPLES = 5;
/** The family "range" follows the mean of the last 12 samples. */
const MEAN_SAMPLES = 12;
/** Time constant of the residual's running mean: 3 h, and at least 3 samples. */
const SEASON_MS = 3 * HOUR_MS;
const FASTEST = 1 / 3;
/** The range covers the last 12 blocks of 14 h, which is seven days; 14 h let successive blocks begin at different hours of the day. */
const BLOCK_MS = 14 * HOUR_MS;
const BLOCKS = 12;
/** With 4 or more blocks the most extreme block is left out, because it may contain an incident. */
const TRIMMED_FROM = 4;
/** Least weight of a sample in the share of repeated samples. */
const REPEATS_RATE = 2e-4;
/** A difference below this share of the value counts as a rounding error. */
const ROUNDING = 1e-13;
/** Upper limit of the size "range", in half extents; also the size of a mean that leaves a constant series. */
const MOST_EXTENTS = 1e6;

/** A residual below this share of half a week's extent counts as 0: the profile stores only about 20 significant bits. */
const REMEMBERED = 1e-5;

/** Places of the numbers of the state. */
const COUNT = 0;
const LAST = 1;
const RESIDUAL_MEAN = 2;
const REPEATS = 3;
const BLOCK_BEGAN = 4;
const BLOCK_HIGH = 5;
const BLOCK_LOW = 6;
const ENDED = 7;
const MIDDLE = 8;
const HALF_EXTENT = 9;
const NEWEST = 10;
const HIGHS = NEWEST + MEAN_SAMPLES;
const LOWS = HIGHS + BLOCKS;
const RESIDUALS = LOWS + BLOCKS;
/** Samples in a row whose hour was known. */
const KNOWN = RESIDUALS + STEP_SAMPLES;
const NUMBERS = KNOWN + 1;

/** Sizes of the last sample of any series. */
const sizes = doubles(SIZES.length, 0);
const sorted = new Float64Array(BLOCKS);

/** State of `EvidenceFamilies`. */
export interface EvidenceFamiliesSnapshot {
  numbers: Float64Array;
  profile: HourlyProfileSnapshot;
}

/**
 * Measures four sizes of each sample, each at least 0:
 * - step: distance from the mean of the five samples before, less the step that is usual at this hour;
 * - season: distance of the residual (sample minus the usual value of its hour) from the residual's mean over three hours;
 * - level: absolute residual;
 * - range: distance of the mean of 12 samples from the middle of the range that such means had in the last seven days, in halves of the
 *   extent of that range. The other sizes are in the unit of the values.
 *
 * `HourlyTail` turns a size into a surprise. Sizes do not change with an offset of the series, and step, season and level scale with
 * its unit.
 * Source: the calibrated ensemble that was chosen on kpi, wsd, cloud and NAB's development half.
 *
 * Cost: O(1), about 0.15 µs; 0.5 KB, and 1.6 KB more from the second hour on.
 */
export class EvidenceFamilies {
  #numbers = doubles(NUMBERS, 0);
  #profile: HourlyProfile;

  /** @param seasonal Whether the series may follow the hours of days and weeks. */
  constructor(seasonal = true) {
    this.#profile = new HourlyProfile(seasonal);
  }

  get seasonal(): boolean {
    return this.#profile.seasonal;
  }

  /** A change of this setting discards the hourly profile. */
  set seasonal(wanted: boolean) {
    if (wanted === this.seasonal) return;
    this.#profile = new HourlyProfile(wanted);
    this.#numbers[RESIDUAL_MEAN] = 0;
    this.#numbers[KNOWN] = 0;
  }

  /** Sizes of the last sample, in the order of `SIZES`. All instances share this list: the next `update` of any instance overwrites it. */
  get sizes(): readonly number[] {
    return sizes;
  }

  /** The hour that ended with the last sample. All instances share this object: the next `update` of any instance overwrites it. */
  get hourOver(): Readonly<HourOver> {
    return this.#profile.hourOver;
  }

  /** Share of the samples that equal the sample before, 0 … 1; recent samples have more weight. */
  get repeats(): number {
    return this.#numbers[REPEATS]!;
  }

  /**
   * The expected value of the next sample at an hour (since 1970, local): usual value of the hour, line and recent residual.
   * Undefined while the hour is unknown.
   *
   * @param line The trend line at the sample's time.
   */
  expectedAt(hour: number, line: number): number | undefined {
    const usual = this.#profile.at(hour);
    return usual === undefined ? undefined : usual + line + this.#numbers[RESIDUAL_MEAN]!;
  }

  /** Adapts the hourly profile to the trend line of a new day. Must be called before that day's first sample. */
  beginDay(begun: Readonly<DayBegun>): void {
    this.#profile.beginDay(begun);
  }

  /**
   * Measures a sample, then learns from it. Samples must come in order of time.
   *
   * @param localMs Local time, ms. @param x Within ±1e300. @param intervalMs Usual time between samples, 0 where unknown.
   * @param line The trend line at the sample's time.
   */
  update(localMs: number, x: number, intervalMs: number, line: number): void {
    const numbers = this.#numbers;
    const seen = numbers[COUNT]!;
    const hour = Math.floor(localMs / HOUR_MS);
    this.#profile.update(hour, x - line);
    const residual = this.#measureResidual(hour, x, line, intervalMs);
    sizes[STEP] = seen === 0 ? 0 : this.#step(x, residual, Math.min(seen, STEP_SAMPLES));
    numbers[RESIDUALS + (seen % STEP_SAMPLES)] = residual;
    const repeated = seen > 0 && x === numbers[LAST]! ? 1 : 0;
    if (seen > 0)
      numbers[REPEATS]! += Math.max(REPEATS_RATE, 1 / (seen + 1)) * (repeated - numbers[REPEATS]!);
    numbers[LAST] = x;
    numbers[NEWEST + (seen % MEAN_SAMPLES)] = x;
    numbers[COUNT] = seen + 1;
    this.#measureRange(localMs, this.#meanOfNewest(Math.min(seen + 1, MEAN_SAMPLES)));
  }

  /** Moves the hourly profile and the range to a new level of the series, so that the new level is not unusual. */
  shift(by: number): void {
    this.#profile.shift(by);
    const numbers = this.#numbers;
    numbers[RESIDUAL_MEAN] = 0;
    // Residuals before the shift belong to the old level, so no step is explained by them.
    numbers[KNOWN] = 0;
    numbers[MIDDLE]! += by;
    for (let at = HIGHS; at < RESIDUALS; at++) numbers[at]! += by;
  }

  snapshot(): EvidenceFamiliesSnapshot {
    return { numbers: Float64Array.from(this.#numbers), profile: this.#profile.snapshot() };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(
    { numbers, profile }: EvidenceFamiliesSnapshot,
    seasonal: boolean,
  ): EvidenceFamilies {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite) && numbers[COUNT]! >= 0,
      "the families of evidence are damaged",
    );
    const restored = new EvidenceFamilies(seasonal);
    restored.#numbers = copiedDoubles([...numbers]);
    restored.#profile = HourlyProfile.restore(profile, seasonal);
    return restored;
  }

  /** Mean of the newest `count` samples, 1 … 12. */
  #meanOfNewest(count: number): number {
    const numbers = this.#numbers;
    let place = numbers[COUNT]! % MEAN_SAMPLES;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      place = place === 0 ? MEAN_SAMPLES - 1 : place - 1;
      sum += numbers[NEWEST + place]! / count;
    }
    return sum;
  }

  /** @returns Sample minus line minus the usual value of its hour; 0 while the hour is unknown. */
  #measureResidual(hour: number, x: number, line: number, intervalMs: number): number {
    const numbers = this.#numbers;
    const usual = this.#profile.at(hour);
    sizes[SEASON] = 0;
    sizes[LEVEL] = 0;
    if (usual === undefined) {
      numbers[KNOWN] = 0;
      return 0;
    }
    numbers[KNOWN]!++;
    const residual = this.#significant(x - line - usual);
    sizes[SEASON] = significant(residual - numbers[RESIDUAL_MEAN]!, x);
    sizes[LEVEL] = significant(residual, x);
    numbers[RESIDUAL_MEAN]! +=
      Math.min(FASTEST, intervalMs / SEASON_MS) * (residual - numbers[RESIDUAL_MEAN]!);
    return residual;
  }

  /** Reduces a step that is usual at this hour: the unexplained rest is multiplied by the square of its share of the step. */
  #step(x: number, residual: number, count: number): number {
    const numbers = this.#numbers;
    const own = significant(x - this.#meanOfNewest(count), x);
    // The profile explains a step only if the hours on both sides of the step are known.
    if (numbers[KNOWN]! <= count) return own;
    let usual = 0;
    for (let i = 0; i < count; i++) usual += numbers[RESIDUALS + i]! / count;
    const left = significant(residual - usual, x);
    return left < own ? (left / own) ** 2 * left : own;
  }

  /** The residual, or 0 if the residual is within the rounding error of the stored profile. */
  #significant(residual: number): number {
    return Math.abs(residual) <= REMEMBERED * this.#numbers[HALF_EXTENT]! ? 0 : residual;
  }

  #measureRange(localMs: number, mean: number): void {
    const numbers = this.#numbers;
    sizes[RANGE] = 0;
    if (numbers[ENDED]! >= 2) {
      const distance = significant(mean - numbers[MIDDLE]!, mean);
      const half = numbers[HALF_EXTENT]!;
      sizes[RANGE] =
        half > 0 ? Math.min(MOST_EXTENTS, distance / half) : distance > 0 ? MOST_EXTENTS : 0;
    }
    if (numbers[COUNT]! === 1 || localMs >= numbers[BLOCK_BEGAN]! + BLOCK_MS) {
      if (numbers[COUNT]! > 1) this.#endBlock();
      numbers[BLOCK_BEGAN] = localMs;
      numbers[BLOCK_HIGH] = mean;
      numbers[BLOCK_LOW] = mean;
      return;
    }
    if (mean > numbers[BLOCK_HIGH]!) numbers[BLOCK_HIGH] = mean;
    if (mean < numbers[BLOCK_LOW]!) numbers[BLOCK_LOW] = mean;
  }

  #endBlock(): void {
    const numbers = this.#numbers;
    const place = numbers[ENDED]! % BLOCKS;
    numbers[HIGHS + place] = numbers[BLOCK_HIGH]!;
    numbers[LOWS + place] = numbers[BLOCK_LOW]!;
    numbers[ENDED]!++;
    const count = Math.min(numbers[ENDED]!, BLOCKS);
    const high = endOf(numbers, HIGHS, count, true);
    const low = endOf(numbers, LOWS, count, false);
    numbers[MIDDLE] = high / 2 + low / 2;
    numbers[HALF_EXTENT] = Math.max(0, high / 2 - low / 2);
  }
}

/** The absolute difference, or 0 if the difference is a rounding error of values as large as `x`. */
const significant = (difference: number, x: number): number => {
  const size = Math.abs(difference);
  return size <= ROUNDING * Math.abs(x) ? 0 : size;
};

/** The highest (lowest) end of the blocks; with 4 or more blocks without the most extreme one. */
function endOf(numbers: readonly number[], from: number, count: number, highest: boolean): number {
  const ends = sorted.subarray(0, count);
  for (let i = 0; i < count; i++) ends[i] = numbers[from + i]!;
  ends.sort();
  const trimmed = count >= TRIMMED_FROM ? 1 : 0;
  return highest ? ends[count - 1 - trimmed]! : ends[trimmed]!;
}
