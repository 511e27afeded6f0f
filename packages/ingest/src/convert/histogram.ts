/** Quantiles of histograms and timings; each becomes a series `<name>_p<percent>`. */
export const QUANTILES: readonly { readonly quantile: number; readonly suffix: string }[] = [
  { quantile: 0.5, suffix: "_p50" },
  { quantile: 0.9, suffix: "_p90" },
  { quantile: 0.99, suffix: "_p99" },
];

/** Buckets of a histogram: upper bounds, ascending and finite, and one count more than bounds. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export const totalOf = (counts: readonly number[]): number =>
  counts.reduce((sum, count) => sum + count, 0);

/**
 * Estimates a quantile, linear within a bucket, as Prometheus' `histogram_quantile` does. The first bucket begins at 0
 * where its bound is above 0; otherwise its bound is the answer. In the last bucket, which has no bound, the answer is
 * the highest bound.
 *
 * @param quantile 0 to 1.
 * @returns Undefined for empty buckets, and where there is no bound.
 * Cost: O(buckets).
 */
export function bucketQuantile({ bounds, counts }: Buckets, quantile: number): number | undefined {
  const total = totalOf(counts);
  const highest = bounds.at(-1);
  if (total <= 0 || highest === undefined) return undefined;
  const rank = quantile * total;
  let below = 0;
  for (const [i, upper] of bounds.entries()) {
    const count = counts[i] as number;
    if (count > 0 && below + count >= rank) {
      const lower = i === 0 ? Math.min(0, upper) : (bounds[i - 1] as number);
      if (i === 0 && upper <= 0) return upper;
      return lower + (upper - lower) * ((rank - below) / count);
    }
    below += count;
  }
  return highest;
}

/**
 * The observations in each bucket between two readings of one histogram.
 *
 * @param sharesLattice True where both readings are exponential histograms of one scale, whose ranges of buckets may
 * differ.
 * @returns Undefined where `after` does not continue `before`: other bounds, or a bucket with fewer observations.
 */
export function bucketIncrease(
  before: Buckets,
  after: Buckets,
  sharesLattice: boolean,
): Buckets | undefined {
  const old = sharesLattice ? onBoundsOf(after, before) : before;
  if (old === undefined || old.bounds.length !== after.bounds.length) return undefined;
  const counts: number[] = [];
  for (const [i, count] of after.counts.entries()) {
    if (i < after.bounds.length && old.bounds[i] !== after.bounds[i]) return undefined;
    const increase = count - (old.counts[i] as number);
    if (increase < 0) return undefined;
    counts.push(increase);
  }
  return { bounds: after.bounds, counts };
}

/** Moves the counts of `buckets` to the bounds of another reading; undefined where a count above 0 has no bucket there. */
function onBoundsOf({ bounds, counts }: Buckets, buckets: Buckets): Buckets | undefined {
  const byBound = new Map<number, number>();
  for (const [i, count] of buckets.counts.entries())
    if (count > 0) byBound.set(buckets.bounds[i] ?? Number.POSITIVE_INFINITY, count);
  const moved = counts.map((_, i) => {
    const bound = bounds[i] ?? Number.POSITIVE_INFINITY;
    const count = byBound.get(bound) ?? 0;
    byBound.delete(bound);
    return count;
  });
  return byBound.size > 0 ? undefined : { bounds, counts: moved };
}
