import { AT, TREND } from "./change-numbers.ts";

/** Least duration of a block, ms: see `block-of-samples`. */
export const BLOCK_MS = 3_600_000;
/** Ratio of a normal variable's standard deviation to its mean absolute deviation. */
export const PER_MEAN_ABSOLUTE = 1.2533141373155;
/** Least deviation of blocks, as a share of the samples' deviation: the median of 12 samples has 0.36. */
const LEAST_SHARE = 0.3;
/** Least unit, as a share of the line's rise per block: without this limit, rounding would be the only deviation of a line without noise. */
const LINE_SHARE = 0.1;
/**
 * Medians of n independent samples usually deviate from their level by at most 1.7 / √n of the samples' mean absolute deviation. If
 * blocks deviate more, a run must be longer by the same factor, up to `MOST_WANDERING`. Chosen on kpi and wsd (of 1.6 to 1.9, and 2
 * to 3), checked on cloud and on synthetic level shifts, whose delay does not change.
 */
const INDEPENDENT = 1.7;
const MOST_WANDERING = 2;
const MOST_SIZE = 1_000;

/**
 * The unit in which the deviations of blocks are measured, so that false changes are equally rare on every series, whatever its unit and
 * noise: the standard deviation of a block's median, larger while few blocks are known.
 */
export function unitOf(n: readonly number[]): number {
  const widened = 1 + 6 / Math.max(1, n[AT.blocks]!);
  const line = LINE_SHARE * Math.abs(TREND.slope(n)) * BLOCK_MS;
  return PER_MEAN_ABSOLUTE * widened * Math.max(n[AT.spread]!, LEAST_SHARE * n[AT.noise]!, line);
}

/**
 * The factor by which a run must be longer than with independent samples, 1 … 2. Without this factor each wandering of a series with
 * dependent blocks would be a change. @param count Samples per block.
 */
export function wanderingOf(n: readonly number[], count: number): number {
  const independent = (n[AT.noise]! * INDEPENDENT) / Math.sqrt(count);
  if (!(n[AT.spread]! > independent)) return 1;
  return Math.min(MOST_WANDERING, n[AT.spread]! / independent);
}

/** Distance between two levels in standard deviations of the samples around their block's median, at most 1,000. */
export function sizeOf(n: readonly number[], moved: number): number {
  const noise = n[AT.noise]! * PER_MEAN_ABSOLUTE;
  return Math.abs(moved) < MOST_SIZE * noise ? Math.abs(moved) / noise : MOST_SIZE;
}
