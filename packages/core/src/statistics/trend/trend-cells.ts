import { clamp } from "../clamp.ts";
import { selectRanks } from "../quantile/selection.ts";

/** Most means of which a trend is made: 14 days of 12, 6 weeks of 28, 23 weeks of 7. */
export const MAX_CELLS = 168;
const MAX_PAIRS = 2048;
/** Two-sided 5 %. */
export const CRITICAL_Z = 1.96;
/** Residuals below this share of the change are rounding errors. */
export const ROUNDING = 1e-9;

/** Slope that a method found, in units of the values a millisecond. */
export interface Slope {
  slope: number;
  low: number;
  high: number;
  /** Deviations from no trend. */
  z: number;
  /** Standard deviation of single values around what the method explains. */
  deviation: number;
}

/** Means of a window's stretches, in order of time: what every method works on. Shared: the next window overwrites it. */
export const cells = {
  count: 0,
  /** Milliseconds since the first sample. */
  time: new Float64Array(MAX_CELLS),
  mean: new Float64Array(MAX_CELLS),
  /** Variance of the values within. */
  noise: new Float64Array(MAX_CELLS),
};

const whole = new Float64Array(MAX_CELLS);
const slopes = new Float64Array(MAX_PAIRS);
const ranked = new Float64Array(MAX_CELLS);
const pair = new Int32Array(2);

/**
 * Appends the mean of the samples `from` up to `to`, `to` not included.
 *
 * @param scale Factor on the values, so that huge ones do not overflow.
 * @returns Something finite if nothing overflowed.
 */
export function addCell(
  times: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  scale: number,
): number {
  const origin = times[0]!;
  const first = values[from]! * scale;
  let time = 0;
  let sum = 0;
  let squares = 0;
  for (let i = from; i < to; i++) {
    const d = values[i]! * scale - first;
    time += times[i]! - origin;
    sum += d;
    squares += d * d;
  }
  const size = to - from;
  const mean = sum / size;
  const c = cells.count++;
  cells.time[c] = time / size;
  cells.mean[c] = first + mean;
  cells.noise[c] = Math.max(0, squares / size - mean * mean);
  return Math.abs(cells.mean[c]!) + squares;
}

/** Subtracts the season from the cells. @returns Range of the subtracted values. */
export function takeOffSeason(
  season: (localTimeMs: number) => number,
  originMs: number,
  scale: number,
): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < cells.count; c++) {
    const expected = season(originMs + cells.time[c]!) * scale;
    whole[c] = cells.mean[c]!;
    cells.mean[c]! -= expected;
    low = Math.min(low, expected);
    high = Math.max(high, expected);
  }
  return high - low;
}

/** Replaces the cells by the values that `takeOffSeason` subtracted. */
export function keepSeason(): void {
  for (let c = 0; c < cells.count; c++) cells.mean[c] = whole[c]! - cells.mean[c]!;
}

/** Undoes `takeOffSeason`. */
export function putBackSeason(): void {
  for (let c = 0; c < cells.count; c++) cells.mean[c] = whole[c]!;
}

/** The slopes of pairs of cells, and Kendall's S of them. */
export class PairSlopes {
  count = 0;
  score = 0;

  add(earlier: number, later: number): void {
    const duration = cells.time[later]! - cells.time[earlier]!;
    if (duration <= 0) return;
    const step = cells.mean[later]! - cells.mean[earlier]!;
    this.score += Math.sign(step);
    slopes[this.count++] = step / duration;
  }

  middle(): number {
    return middleOf(slopes, this.count);
  }

  /** Ends of the 95 % interval for this deviation of S. Source: Sen (1968), JASA 63, 1379-1389. */
  interval(deviation: number): { low: number; high: number } {
    const reach = Math.min(this.count, CRITICAL_Z * deviation);
    const low = Math.min((this.count - 1) >>> 1, Math.floor((this.count - reach) / 2));
    const high = this.count - 1 - low;
    selectPair(slopes, this.count, low, high);
    return { low: slopes[low]!, high: slopes[high]! };
  }
}

/** Typical variance within cells. */
export const noiseWithin = (): number => medianOf(cells.noise, cells.count);

/**
 * Factor, ≥ 1, by which the lag-1 autocorrelation of residuals enlarges a variance. The autocorrelation is that of ranks, so
 * no outlier hides it; its bias for short series from which `terms` were subtracted is removed.
 *
 * Source: Hamed and Rao (1998), Journal of Hydrology 204, 182-196.
 */
export function enlargement(residuals: Float64Array, count: number, terms = 2): number {
  for (let b = 0; b < count; b++) {
    let rank = 0;
    for (let other = 0; other < count; other++) {
      if (residuals[other]! < residuals[b]!) rank++;
      else if (residuals[other] === residuals[b]) rank += 0.5;
    }
    ranked[b] = rank - count / 2;
  }
  let covariance = 0;
  let variance = ranked[0]! ** 2;
  for (let b = 1; b < count; b++) {
    covariance += ranked[b]! * ranked[b - 1]!;
    variance += ranked[b]! ** 2;
  }
  if (variance === 0) return 1;
  const raw = covariance / variance;
  const correlation = clamp(raw + (terms + 4 * raw) / count, 0, 0.99);
  return (1 + correlation) / (1 - correlation);
}

/** Median distance from 0 of the first `count`, as a standard deviation of normal values. */
export function sizeOf(residuals: Float64Array, count: number): number {
  for (let b = 0; b < count; b++) ranked[b] = Math.abs(residuals[b]!);
  return middleOf(ranked, count) * 1.4826;
}

/** Median of the first `count` elements, which stay in place. */
export function medianOf(source: Float64Array, count: number): number {
  for (let i = 0; i < count; i++) ranked[i] = source[i]!;
  return middleOf(ranked, count);
}

/** Median of the first `count` elements, which are reordered. */
function middleOf(a: Float64Array, count: number): number {
  const lower = (count - 1) >>> 1;
  const upper = count >>> 1;
  selectPair(a, count, lower, upper);
  return (a[lower]! + a[upper]!) / 2;
}

/** Puts the elements of two ranks, `low` at most `high`, in their places. */
function selectPair(a: Float64Array, count: number, low: number, high: number): void {
  pair[0] = low;
  pair[1] = high;
  selectRanks(a, 0, count - 1, pair, low === high ? 1 : 0, 1);
}
