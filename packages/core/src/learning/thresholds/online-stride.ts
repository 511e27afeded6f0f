const MOST = 1_000;

/**
 * `strideOf` keeps a fast series cheap: of so many samples online thresholds learn one. The stride is the number of samples
 * within the detection resolution. A stride counts samples, not time, so that each sample weighs the same in a burst and in
 * a lull.
 *
 * @param samples Number of samples in the window. @param spanMs Time from the first to the last sample of the window.
 * @returns 1 … 1,000; 1 where samples are as far apart as the resolution.
 */
export function strideOf(samples: number, spanMs: number, resolutionMs: number): number {
  const stride = Math.floor(((samples - 1) * resolutionMs) / spanMs);
  return stride > 1 ? Math.min(MOST, stride) : 1;
}

/**
 * Number of samples to skip before the next learned sample: 0 … 2 (stride − 1), on average stride − 1. The gaps are
 * pseudo-random, so that a pattern with a fixed period in samples is neither always nor never learned.
 *
 * @param points Number of samples so far; the same number gives the same gap.
 */
export const gapAfter = (points: number, stride: number): number =>
  stride === 1 ? 0 : scattered(points) % (2 * stride - 1);

/** The finalizer of MurmurHash3 (Appleby, public domain): each input bit affects each bit of the hash. */
function scattered(x: number): number {
  let hash = x ^ (x >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
