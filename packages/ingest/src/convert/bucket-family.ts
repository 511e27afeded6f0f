import type { Labels } from "@mapek/core/contract";
import type { Conversion } from "./conversion.ts";
import { type Buckets, bucketIncrease } from "./histogram.ts";

/** The buckets of one time: cumulative count by upper bound. */
type BucketTotals = ReadonlyMap<number, number>;

/** State of a histogram whose buckets arrive one by one. */
export interface BucketFamilyState {
  readonly kind: "buckets";
  /** The newest time with all buckets. */
  readonly base: { readonly timeMs: number; readonly buckets: Buckets } | undefined;
  /** The buckets of the next time so far. */
  readonly pending: { readonly timeMs: number; readonly totals: BucketTotals } | undefined;
  readonly seenMs: number;
}

/** Most buckets of one histogram. */
const MAX_BUCKETS = 400;

/**
 * Takes buckets of one histogram and one time. Emits quantiles once all buckets of the previous time are there again,
 * since a sender may spread them over several requests. Buckets of a later time end the wait.
 *
 * @returns The new state; `before` itself where the buckets are not newer.
 */
export function takeBuckets<State>(
  before: BucketFamilyState | undefined,
  { metric, labels }: { readonly metric: string; readonly labels: Labels },
  { timeMs, totals }: { readonly timeMs: number; readonly totals: BucketTotals },
  { nowMs, gapMs }: { readonly nowMs: number; readonly gapMs: number },
  conversion: Conversion<State>,
): BucketFamilyState | undefined {
  let base = before?.base;
  let pending = before?.pending;
  if (timeMs <= (base?.timeMs ?? 0) || timeMs < (pending?.timeMs ?? 0)) {
    conversion.omit("not_newer", totals.size);
    return before;
  }
  const close = (done: NonNullable<typeof pending>) => {
    const buckets = bucketsOf(done.totals);
    if (buckets === undefined) return conversion.omit("incomplete", done.totals.size);
    const from = base !== undefined && done.timeMs - base.timeMs <= gapMs ? base : undefined;
    base = { timeMs: done.timeMs, buckets };
    if (from === undefined) return conversion.omit("first", done.totals.size);
    const increase = bucketIncrease(from.buckets, buckets, false);
    if (increase === undefined) return conversion.omit("reset", done.totals.size);
    conversion.emitQuantiles(metric, labels, done.timeMs, increase);
  };
  if (pending !== undefined && pending.timeMs < timeMs) {
    close(pending);
    pending = undefined;
  }
  const merged = new Map([...(pending?.totals ?? []), ...totals]);
  if (merged.size > MAX_BUCKETS) {
    conversion.omit("full", merged.size);
    return { kind: "buckets", base, pending: undefined, seenMs: nowMs };
  }
  pending = { timeMs, totals: merged };
  if (base !== undefined && holdsAll(merged, base.buckets)) {
    close(pending);
    pending = undefined;
  }
  return { kind: "buckets", base, pending, seenMs: nowMs };
}

const holdsAll = (totals: BucketTotals, { bounds }: Buckets): boolean =>
  totals.has(Number.POSITIVE_INFINITY) && bounds.every((bound) => totals.has(bound));

/** Turns cumulative counts into a count for each bucket; undefined without the bucket `+Inf`, whose count is the total. */
function bucketsOf(totals: BucketTotals): Buckets | undefined {
  if (!totals.has(Number.POSITIVE_INFINITY)) return undefined;
  const sorted = [...totals].sort(([a], [b]) => a - b);
  let below = 0;
  const counts = sorted.map(([, total]) => {
    // A target may count observations while it is read, so a higher bucket may be behind a lower one.
    const count = Math.max(0, total - below);
    below = Math.max(below, total);
    return count;
  });
  return { bounds: sorted.slice(0, -1).map(([bound]) => bound), counts };
}
