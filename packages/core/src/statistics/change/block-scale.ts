import { AT, TREND } from "./change-numbers.ts";

/** Time that a block lasts at least, ms: see `block-of-samples`. */
export const BLOCK_MS = 3_600_000;
/** Deviation of a normal variable over its mean absolute deviation. */
export const PER_MEAN_ABSOLUTE = 1.2533141373155;
/** A block's deviation is at least this share of its samples': the median of 12 has 0.36. */
const LEAST_SHARE = 0.3;
/** The unit is also at least this share of what a line rises in a block: a line without noise has no deviation but rounding. */
const LINE_SHARE = 0.1;
/**
 * Medians of n independent samples are usually at most 1.7 / √n distances of samples away from their level. Where a series'
 * blocks are further away, a run must be longer by the same factor, up to the second number. Chosen on kpi and wsd (of 1.6 to
 * 1.9, and 2 to 3), checked on cloud and on synthetic level shifts, whose delay it leaves as it was.
 */
const INDEPENDENT = 1.7;
const MOST_WANDERING = 2;
const MOST_SIZE = 1_000;

/**
 * Every series has changes at the same rate, whatever its unit and its noise: deviations of blocks are counted in this unit,
 * the standard deviation of a block's median. It is wider while few blocks are known.
 */
export function unitOf(n: readonly number[]): number {
  const widened = 1 + 6 / Math.max(1, n[AT.blocks]!);
  const line = LINE_SHARE * Math.abs(TREND.slope(n)) * BLOCK_MS;
  return PER_MEAN_ABSOLUTE * widened * Math.max(n[AT.spread]!, LEAST_SHARE * n[AT.noise]!, line);
}

/**
 * How much longer than among independent samples a run has to be, 1 … 2. Without it a series whose blocks wander by
 * themselves would have a change each time they do. @param count Samples of a block.
 */
export function wanderingOf(n: readonly number[], count: number): number {
  const independent = (n[AT.noise]! * INDEPENDENT) / Math.sqrt(count);
  if (!(n[AT.spread]! > independent)) return 1;
  return Math.min(MOST_WANDERING, n[AT.spread]! / independent);
}

/** A distance between levels in standard deviations of the samples around their block, at most 1,000. */
export function sizeOf(n: readonly number[], moved: number): number {
  const noise = n[AT.noise]! * PER_MEAN_ABSOLUTE;
  return Math.abs(moved) < MOST_SIZE * noise ? Math.abs(moved) / noise : MOST_SIZE;
}
