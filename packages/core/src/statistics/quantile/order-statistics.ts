import { selectRanks } from "./selection.ts";

/** Number of buckets; the first and the last bucket take the values beyond the sample's range. */
const BUCKETS = 1024;
/** Below this length selection alone is faster. */
const FEW = 400;
const SAMPLE = 64;

const counts = new Int32Array(BUCKETS);
const cursors = new Int32Array(BUCKETS);
const sample = new Float64Array(SAMPLE);
let bucketOf = new Uint16Array(0);
let gathered = new Float64Array(0);

/**
 * Values of several ranks, as a full sort would give them. The input is left as it is.
 *
 * Values are counted into buckets over the range of a small sample, and only the buckets in which a rank falls
 * are gathered and searched by selection. Where buckets do not narrow the search (nearly all values equal), selection searches
 * all values, so the result is exact and the cost bounded for any input.
 *
 * @param values Finite, any order.
 * @param ranks Ascending, distinct, 0 = smallest, each below `values.length`. Overwritten.
 * @param out Receives one value a rank, in the order of `ranks`.
 * Cost: O(n), O(n log n) at worst; scratch memory of 10 bytes a value is kept for the next call.
 */
export function orderStatistics(values: Float64Array, ranks: Int32Array, out: Float64Array): void {
  const n = values.length;
  if (gathered.length < n) {
    gathered = new Float64Array(n);
    bucketOf = new Uint16Array(n);
  }
  const found = gathered;
  if (n < FEW) {
    found.set(values);
    selectRanks(found, 0, n - 1, ranks, 0, ranks.length - 1);
    for (let r = 0; r < ranks.length; r++) out[r] = found[ranks[r]!]!;
    return;
  }
  countBuckets(values);
  cursors.fill(-1);
  let below = 0;
  let free = 0;
  let r = 0;
  for (let bucket = 0; r < ranks.length; bucket++) {
    const next = below + counts[bucket]!;
    if (ranks[r]! < next) {
      cursors[bucket] = free;
      const shift = free - below;
      while (r < ranks.length && ranks[r]! < next) {
        ranks[r]! += shift;
        r++;
      }
      free += counts[bucket]!;
    }
    below = next;
  }
  const buckets = bucketOf;
  for (let i = 0; i < n; i++) {
    const bucket = buckets[i]!;
    const cursor = cursors[bucket]!;
    if (cursor >= 0) {
      found[cursor] = values[i]!;
      cursors[bucket] = cursor + 1;
    }
  }
  // `ranks` now points into `found`, where each wanted bucket is one stretch.
  let from = 0;
  for (let bucket = 0; bucket < BUCKETS && from < ranks.length; bucket++) {
    const end = cursors[bucket]!;
    if (end < 0) continue;
    let to = from;
    while (to < ranks.length && ranks[to]! < end) to++;
    selectRanks(found, end - counts[bucket]!, end - 1, ranks, from, to - 1);
    from = to;
  }
  for (let i = 0; i < ranks.length; i++) out[i] = found[ranks[i]!]!;
}

/** Fills `counts` and `bucketOf`. A larger value never has a lower bucket, even where a difference overflows. */
function countBuckets(values: Float64Array): void {
  const n = values.length;
  for (let i = 0; i < SAMPLE; i++) sample[i] = values[Math.floor((i * n) / SAMPLE)]!;
  sample.sort();
  const low = sample[0]!;
  const scale = (BUCKETS - 2) / (sample[SAMPLE - 1]! - low);
  const buckets = bucketOf;
  counts.fill(0);
  for (let i = 0; i < n; i++) {
    const x = (values[i]! - low) * scale;
    // NaN (0 times infinity) belongs to the lowest inner bucket.
    const bucket = x < 0 ? 0 : x >= BUCKETS - 2 ? BUCKETS - 1 : (x | 0) + 1;
    buckets[i] = bucket;
    counts[bucket]!++;
  }
}
