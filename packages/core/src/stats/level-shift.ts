/** The window is cut into this many stretches. */
const STRETCHES = 16;
/** A level holds for at least so many of them. */
const LEAST = 2;
/** Samples a stretch that are averaged, at most. */
const SAMPLES = 16;

const means = new Float64Array(STRETCHES);
/** Least and largest of the means from each stretch on. */
const lows = new Float64Array(STRETCHES);
const highs = new Float64Array(STRETCHES);

/**
 * How much of what a window's level moves is one shift: the gap between the levels before and after a place that no
 * level on either side lies in, over the range of all levels. A ramp, a wave and noise have small gaps.
 *
 * @returns 0 … 1; 0 under 64 values, and where the gap is below the deviation within stretches.
 * Cost: bounded, below 1 µs.
 */
export function shiftShareOf(values: Float64Array): number {
  const n = values.length;
  if (n < STRETCHES * 4) return 0;
  const length = Math.floor(n / STRETCHES);
  const stride = Math.ceil(length / SAMPLES);
  let within = 0;
  for (let s = 0; s < STRETCHES; s++) {
    const from = Math.floor((s * n) / STRETCHES);
    const first = values[from]!;
    let count = 0;
    let sum = 0;
    let squares = 0;
    for (let i = from; i < from + length; i += stride) {
      const d = values[i]! - first;
      count++;
      sum += d;
      squares += d * d;
    }
    means[s] = first + sum / count;
    within += (squares - (sum * sum) / count) / (count - 1) / STRETCHES;
  }
  lows[STRETCHES - 1] = means[STRETCHES - 1]!;
  highs[STRETCHES - 1] = means[STRETCHES - 1]!;
  for (let s = STRETCHES - 2; s >= 0; s--) {
    lows[s] = Math.min(means[s]!, lows[s + 1]!);
    highs[s] = Math.max(means[s]!, highs[s + 1]!);
  }
  const range = highs[0]! - lows[0]!;
  let gap = 0;
  let low = means[0]!;
  let high = means[0]!;
  for (let place = 1; place <= STRETCHES - LEAST; place++) {
    if (place >= LEAST) gap = Math.max(gap, lows[place]! - high, low - highs[place]!);
    low = Math.min(low, means[place]!);
    high = Math.max(high, means[place]!);
  }
  return gap > Math.sqrt(within) && range < Number.POSITIVE_INFINITY ? gap / range : 0;
}
