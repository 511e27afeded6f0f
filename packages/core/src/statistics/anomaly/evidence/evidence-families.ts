import { requireSnapshot } from "../../errors.ts";
import { copiedDoubles, doubles } from "../../memory/doubles.ts";
import type { DayBegun } from "../../season/trend-of-days.ts";
import {
  HOUR_MS,
  HourlyProfile,
  type HourlyProfileSnapshot,
  type HourOver,
} from "./hourly-profile.ts";

/** What is looked at in each sample, in the order of `EvidenceFamilies.sizes`. */
export const SIZES = ["step", "season", "level", "range"] as const;
export type Size = (typeof SIZES)[number];
export const STEP = 0;
export const SEASON = 1;
export const LEVEL = 2;
const RANGE = 3;

/** A step is the distance from the mean of so many samples before. */
const STEP_SAMPLES = 5;
/** The mean whose range is followed is of so many samples. */
const MEAN_SAMPLES = 12;
/** The residual's running mean follows within this time, and never faster than three samples. */
const SEASON_MS = 3 * HOUR_MS;
const FASTEST = 1 / 3;
/** A range is that of the last twelve blocks of fourteen hours: seven days, whose blocks begin at ever other hours. */
const BLOCK_MS = 14 * HOUR_MS;
const BLOCKS = 12;
/** From so many blocks on the most extreme one is left out: it may have been an incident. */
const TRIMMED_FROM = 4;
/** How slowly the share of samples that repeat the one before forgets. */
const REPEATS_RATE = 2e-4;
/** Differences below this share of the values' own size are rounding errors. */
const ROUNDING = 1e-13;
/** Extents that a mean is away by at most: out of a constant, too. */
const MOST_EXTENTS = 1e6;

/** A residual of this share of a usual week's extent is the rounding of what is remembered. */
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
 * How large each sample is in four ways, each 0 or more, in the unit of the values or (range) in halves of a usual week's extent:
 * how far from the mean of the five before, beyond what its hour explains (step); from what its hour usually is (level), and that against its own mean of three
 * hours (season); and how far the mean of twelve lies from the middle of where such means were in the last seven days (range).
 *
 * A size says nothing alone: `HourlyTail` says how rare it is. Sizes do not depend on the zero, and scale with the unit.
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

  /** What was known of the hours is let go of where it changes. */
  set seasonal(wanted: boolean) {
    if (wanted === this.seasonal) return;
    this.#profile = new HourlyProfile(wanted);
    this.#numbers[RESIDUAL_MEAN] = 0;
    this.#numbers[KNOWN] = 0;
  }

  /** Sizes of the last sample that any series took, in the order of `SIZES`: good until the next `update` of any. */
  get sizes(): readonly number[] {
    return sizes;
  }

  /** The hour that was over with the last sample that any series took: good until the next `update` of any. */
  get hourOver(): Readonly<HourOver> {
    return this.#profile.hourOver;
  }

  /** Share of the samples that repeated the one before, 0 … 1, the recent ones weighing more. */
  get repeats(): number {
    return this.#numbers[REPEATS]!;
  }

  /**
   * What is expected of the next sample at an hour (since 1970, local), its recent level included; undefined where unknown.
   *
   * @param line The straight line that the series follows, at the sample's time.
   */
  expectedAt(hour: number, line: number): number | undefined {
    const usual = this.#profile.at(hour);
    return usual === undefined ? undefined : usual + line + this.#numbers[RESIDUAL_MEAN]!;
  }

  /** Goes on beside the straight line that the series follows, when a day of the line begins: before that day's first sample. */
  beginDay(begun: Readonly<DayBegun>): void {
    this.#profile.beginDay(begun);
  }

  /**
   * Measures a sample, then learns from it. In order of time.
   *
   * @param localMs Local time, ms. @param x Within ±1e300. @param intervalMs Usual time between samples, 0 where unknown.
   * @param line The straight line that the series follows, at its time.
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

  /** The series has a new level: its hours are as far from one another as before, its extent is learned anew. */
  shift(by: number): void {
    this.#profile.shift(by);
    const numbers = this.#numbers;
    numbers[RESIDUAL_MEAN] = 0;
    // Residuals of before are of the level of before.
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

  /** @returns How far the sample lies above what its hour usually is; 0 where that is unknown. */
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

  /** A step that its hour has is none: what is left of it counts by the square of the share that is left. */
  #step(x: number, residual: number, count: number): number {
    const numbers = this.#numbers;
    const own = significant(x - this.#meanOfNewest(count), x);
    // A step is explained by hours that are known on both of its sides.
    if (numbers[KNOWN]! <= count) return own;
    let usual = 0;
    for (let i = 0; i < count; i++) usual += numbers[RESIDUALS + i]! / count;
    const left = significant(residual - usual, x);
    return left < own ? (left / own) ** 2 * left : own;
  }

  /** A residual, 0 where it is the rounding of what is remembered of a series that has an extent. */
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

/** The size of a difference of values of about that size; 0 where it is a rounding error. */
const significant = (difference: number, x: number): number => {
  const size = Math.abs(difference);
  return size <= ROUNDING * Math.abs(x) ? 0 : size;
};

/** The highest (lowest) of the blocks' ends, the most extreme one left out where there are four. */
function endOf(numbers: readonly number[], from: number, count: number, highest: boolean): number {
  const ends = sorted.subarray(0, count);
  for (let i = 0; i < count; i++) ends[i] = numbers[from + i]!;
  ends.sort();
  const trimmed = count >= TRIMMED_FROM ? 1 : 0;
  return highest ? ends[count - 1 - trimmed]! : ends[trimmed]!;
}
