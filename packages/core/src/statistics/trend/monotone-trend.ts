import {
  addCell,
  cells,
  enlargement,
  medianOf,
  noiseWithin,
  PairSlopes,
  ROUNDING,
  type Slope,
  sizeOf,
} from "./trend-cells.ts";

/** Points are averaged to at most this many cells of equal count. */
const BLOCKS = 32;

const residuals = new Float64Array(BLOCKS);

/** Averages a window to cells of equal count. False when a sum overflowed. */
export function fillBlocks(times: Float64Array, values: Float64Array, scale: number): boolean {
  const n = values.length;
  const blocks = Math.min(n, BLOCKS);
  cells.count = 0;
  let total = 0;
  for (let b = 0; b < blocks; b++) {
    const from = Math.floor((b * n) / blocks);
    const to = Math.floor(((b + 1) * n) / blocks);
    total += addCell(times, values, from, to, scale);
  }
  return Number.isFinite(total);
}

/**
 * Median of the slopes between all pairs of cells, and Kendall's test with its variance enlarged for autocorrelation.
 *
 * @param spanMs Time covered. @returns Undefined when all cells have the same time.
 * Source: Sen (1968), JASA 63, 1379-1389.
 */
export function monotoneTrend(spanMs: number): Slope | undefined {
  const { count, time, mean } = cells;
  const pairs = new PairSlopes();
  for (let i = 1; i < count; i++) for (let j = 0; j < i; j++) pairs.add(j, i);
  if (pairs.count === 0) return undefined;
  const slope = pairs.middle();
  for (let b = 0; b < count; b++) residuals[b] = mean[b]! - slope * time[b]!;
  const centre = medianOf(residuals, count);
  for (let b = 0; b < count; b++) residuals[b]! -= centre;
  const size = sizeOf(residuals, count);
  const smallest = ROUNDING * Math.abs(slope * spanMs);
  const enlarged = size <= smallest ? 1 : enlargement(residuals, count);
  const spread = Math.sqrt(((count * (count - 1) * (2 * count + 5)) / 18) * enlarged);
  const opposed = Math.sign(pairs.score) !== Math.sign(slope);
  return {
    slope,
    ...pairs.interval(spread),
    z: opposed ? 0 : Math.max(0, Math.abs(pairs.score) - 1) / spread,
    deviation: Math.sqrt(size * size + noiseWithin()) + smallest,
  };
}
