import type { Buckets } from "../convert/histogram.ts";

/** A side of an exponential histogram: bucket `i` holds what lies in (base^(offset+i), base^(offset+i+1)]. */
interface ExponentialSide {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialHistogram {
  /** base = 2^(2^−scale); −10 to 20 in practice. */
  readonly scale: number;
  /** Observations whose magnitude is at most the threshold. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
}

/**
 * The same histogram with its bounds written out: equal bounds of one scale are equal numbers.
 *
 * @returns undefined where a bound is beyond what a double can hold.
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
