import type { Buckets } from "../convert/histogram.ts";

/** One side of an exponential histogram: bucket `i` counts magnitudes in (base^(offset+i), base^(offset+i+1)]. */
interface ExponentialSide {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialHistogram {
  /** base = 2^(2^−scale); usually −10 to 20. */
  readonly scale: number;
  /** Observations with a magnitude of at most `zeroThreshold`. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
}

/**
 * Writes out the bounds of an exponential histogram. Equal bounds of one scale become equal numbers, so readings can
 * be compared.
 *
 * @returns Undefined where a bound is not a finite double, or where bounds do not ascend.
 */
export function explicitBuckets(histogram: ExponentialHistogram): Buckets | undefined {
  const { scale, zeroCount, zeroThreshold, positive, negative } = histogram;
  const bound = (index: number): number => 2 ** (index * 2 ** -scale);
  const bounds: number[] = [];
  const counts: number[] = [];
  const { offset, counts: below } = negative;
  if (below.length > 0) {
    bounds.push(-bound(offset + below.length));
    counts.push(0);
    for (let i = below.length - 1; i >= 0; i--) {
      bounds.push(-bound(offset + i));
      counts.push(below[i] as number);
    }
  }
  const first = bound(positive.offset);
  const zeroBound = Math.max(zeroThreshold, 0);
  if (zeroCount > 0 || below.length > 0) {
    if (below.length === 0) {
      bounds.push(-zeroBound);
      counts.push(0);
    }
    bounds.push(zeroBound);
    counts.push(zeroCount);
  }
  if (positive.counts.length > 0) {
    if (first > (bounds.at(-1) ?? Number.NEGATIVE_INFINITY)) {
      bounds.push(first);
      counts.push(0);
    }
    for (const [i, count] of positive.counts.entries()) {
      bounds.push(bound(positive.offset + i + 1));
      counts.push(count);
    }
  }
  counts.push(0);
  const ascending = bounds.every((one, i) => i === 0 || one > (bounds[i - 1] as number));
  return ascending && bounds.every(Number.isFinite) ? { bounds, counts } : undefined;
}
