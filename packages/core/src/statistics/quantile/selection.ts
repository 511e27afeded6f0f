/** Ranges at most this long are sorted by insertion. */
const SHORT = 16;
/** Above this length a pivot is taken from a sample of the range (Floyd and Rivest, 1975). */
const SAMPLED = 600;

/**
 * Puts the elements of several ranks where a full sort would put them.
 *
 * @param a Reordered in place between `left` and `right`, both included.
 * @param ranks Positions in `a`, ascending, distinct; those from index `from` to `to`, both included, are served.
 * Cost: O(n log r) for r ranks, O(n log n) at worst. Source: Floyd and Rivest (1975), CACM 18(3), 165-172, algorithm 489.
 */
export function selectRanks(
  a: Float64Array,
  left: number,
  right: number,
  ranks: Int32Array,
  from: number,
  to: number,
): void {
  let low = left;
  let first = from;
  while (first <= to) {
    if (right - low < SHORT) {
      sortShort(a, low, right);
      return;
    }
    const middle = (first + to) >>> 1;
    const rank = ranks[middle]!;
    placeRank(a, low, right, rank);
    selectRanks(a, low, rank - 1, ranks, first, middle - 1);
    low = rank + 1;
    first = middle + 1;
  }
}

function sortShort(a: Float64Array, left: number, right: number): void {
  for (let i = left + 1; i <= right; i++) {
    const x = a[i]!;
    let j = i - 1;
    while (j >= left && a[j]! > x) {
      a[j + 1] = a[j]!;
      j--;
    }
    a[j + 1] = x;
  }
}

/** Puts the element of rank `k` in its place, smaller ones before and larger ones after it. */
function placeRank(a: Float64Array, left: number, right: number, k: number): void {
  let low = left;
  let high = right;
  // An unlucky order is sorted instead, so that the worst case is not quadratic.
  let allowance = 16 * (right - left + SHORT);
  while (high > low) {
    allowance -= high - low;
    if (allowance < 0) {
      a.subarray(low, high + 1).sort();
      return;
    }
    if (high - low > SAMPLED) {
      const n = high - low + 1;
      const i = k - low + 1;
      const z = Math.log(n);
      const size = 0.5 * Math.exp((2 * z) / 3);
      const spread = 0.5 * Math.sqrt((z * size * (n - size)) / n) * (i < n / 2 ? -1 : 1);
      const sampleLow = Math.max(low, Math.floor(k - (i * size) / n + spread));
      const sampleHigh = Math.min(high, Math.floor(k + ((n - i) * size) / n + spread));
      placeRank(a, sampleLow, sampleHigh, k);
    }
    const pivot = a[k]!;
    let i = low;
    let j = high;
    a[k] = a[low]!;
    a[low] = pivot;
    if (a[high]! > pivot) {
      a[low] = a[high]!;
      a[high] = pivot;
    }
    while (i < j) {
      const held = a[i]!;
      a[i] = a[j]!;
      a[j] = held;
      i++;
      j--;
      while (a[i]! < pivot) i++;
      while (a[j]! > pivot) j--;
    }
    if (a[low] === pivot) {
      a[low] = a[j]!;
      a[j] = pivot;
    } else {
      j++;
      a[high] = a[j]!;
      a[j] = pivot;
    }
    if (j <= k) low = j + 1;
    if (k <= j) high = j - 1;
  }
}
