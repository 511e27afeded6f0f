const MOST = 1_000;

/**
 * How many samples of a fast series come for each that online thresholds learn: as many as the series has in its
 * detection resolution. By number and not by time, so that each sample counts the same in a burst and in a lull.
 *
 * @param samples Samples of the window. @param spanMs Time from the first to the last of them.
 * @returns 1 … 1,000; 1 where samples are as far apart as the resolution.
 */
export function strideOf(samples: number, spanMs: number, resolutionMs: number): number {
  const stride = Math.floor(((samples - 1) * resolutionMs) / spanMs);
  return stride > 1 ? Math.min(MOST, stride) : 1;
}

/**
 * Samples to pass over before the next that is learned: 0 … 2 (stride − 1), on average one less than the stride. Scattered, so
 * that nothing that comes every so many samples is met always or never.
 *
 * @param points Samples so far: the same ones give the same gap.
 */
export const gapAfter = (points: number, stride: number): number =>
  stride === 1 ? 0 : scattered(points) % (2 * stride - 1);

/** The finalizer of MurmurHash3 (Appleby, public domain): each bit of a whole number turns each bit of the hash. */
function scattered(x: number): number {
  let hash = x ^ (x >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
