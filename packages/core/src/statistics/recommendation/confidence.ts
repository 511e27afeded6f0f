import { clamp } from "../clamp.ts";
import { normalCdf } from "../quantile/normal-distribution.ts";

/** Finest stretches into which the window is cut. */
const STRETCHES = 16;
/** The promise is kept when the next rate differs from the promised rate by at most this share of the promised rate. */
const TOLERANCE = 0.5;
const ROUNDING = 1e-9;
/** Dispersion before the first sample (squared error over that of independent samples), and its weight in pairs of stretches. */
const PRIOR_DISPERSION = 2;
const PRIOR_PAIRS = 4;

/** A pause counts as a gap from this many usual intervals on. */
const GAP_INTERVALS = 8;
/** Intervals whose median is the usual one. */
const MAX_INTERVALS = 65;

const intervals = new Float64Array(MAX_INTERVALS);
const exceedances = new Float64Array(STRETCHES);

/** The promise of a threshold, judged by the samples of a window. */
export interface Promised {
  /** Probability that the promised rate will be kept, 0 … 1. */
  confidence: number;
  /** Values of the window above the threshold. */
  above: number;
  /** Values of the window that equal it. */
  ties: number;
}

/**
 * Probability that a threshold keeps its promised exceedance rate, within ±50 % of itself, over the next stretch as
 * long as this window.
 *
 * The window is cut into 16 stretches, then 8, 4 and 2. The dispersion at each length is the squared difference of the rates
 * of neighbouring stretches, over that of independent samples; the growth of the dispersion with length is extrapolated to
 * the whole window. The next rate is normal around the measured rate, with this dispersion for both the estimate and the
 * outcome. A prior of twice the dispersion of independent samples keeps the confidence of short windows low.
 *
 * @param values In order of time, at least one.
 * @param threshold Same unit as the values.
 * @param exceedanceRate Promised share above the threshold, 0 … 1.
 * @param gapShare Share of the window's time without samples, below 1; a larger share lowers the confidence.
 * Cost: O(n), about 25 µs for 10,000 values.
 */
export function assessPromise(
  values: Float64Array,
  threshold: number,
  exceedanceRate: number,
  gapShare = 0,
): Promised {
  const n = values.length;
  let total = 0;
  let reached = 0;
  let from = 0;
  for (let s = 0; s < STRETCHES; s++) {
    const to = Math.floor(((s + 1) * n) / STRETCHES);
    let above = 0;
    for (let i = from; i < to; i++) {
      const value = values[i]!;
      if (value < threshold) continue;
      reached++;
      if (value > threshold) above++;
    }
    exceedances[s] = above;
    total += above;
    from = to;
  }
  const single = exceedanceRate * (1 - exceedanceRate);
  // Half a stretch of prior belief in the promise: nothing above in few samples says little.
  const seen = (total + 1) / (n + 1 / exceedanceRate);
  const variance = (2 * single * dispersion(n, single)) / n / (1 - gapShare);
  return {
    confidence: keptProbability(n, exceedanceRate, seen, Math.sqrt(variance)),
    above: total,
    ties: reached - total,
  };
}

/**
 * Share of a window's time that lies in gaps: in pauses of more than eight usual intervals.
 *
 * @param times Milliseconds, ascending.
 * @returns 0 … 0.99. Cost: O(n), about 10 µs for 10,000.
 */
export function gapShareOf(times: Float64Array): number {
  const n = times.length;
  const span = n < 2 ? 0 : times[n - 1]! - times[0]!;
  if (span <= 0) return 0;
  const stride = Math.ceil((n - 1) / MAX_INTERVALS);
  let count = 0;
  for (let i = stride; i < n; i += stride) intervals[count++] = times[i]! - times[i - 1]!;
  const usual = intervals.subarray(0, count).sort()[count >>> 1]!;
  // A gap leaves at least its length beyond the usual intervals.
  if (span - (n - 1) * usual < GAP_INTERVALS * usual) return 0;
  let missing = 0;
  for (let i = 1; i < n; i++) {
    const pause = times[i]! - times[i - 1]!;
    if (pause > GAP_INTERVALS * usual) missing += pause - usual;
  }
  return Math.min(0.99, missing / span);
}

/** Probability that a normal rate lies within ±50 % of the promised one. */
export function keptProbability(
  count: number,
  exceedanceRate: number,
  expected: number,
  deviation: number,
): number {
  // Rates come in whole samples: the continuity correction takes the whole samples that count as kept.
  const promised = exceedanceRate * count;
  const lowest = (Math.ceil((1 - TOLERANCE) * promised - ROUNDING) - 0.5) / count;
  const highest = (Math.floor((1 + TOLERANCE) * promised + ROUNDING) + 0.5) / count;
  const kept =
    normalCdf((highest - expected) / deviation) - normalCdf((lowest - expected) / deviation);
  return clamp(kept, 0, 1);
}

/** Squared difference of neighbouring rates over that of independent samples, extrapolated to length n. */
function dispersion(n: number, single: number): number {
  let stretches = STRETCHES;
  let finest = 0;
  let latest = 0;
  for (; stretches >= 2; stretches /= 2) {
    const length = n / stretches;
    let squares = PRIOR_PAIRS * PRIOR_DISPERSION;
    for (let s = 1; s < stretches; s++) {
      const step = (exceedances[s]! - exceedances[s - 1]!) / length;
      squares += (step * step * length) / (2 * single);
    }
    latest = squares / (PRIOR_PAIRS + stretches - 1);
    if (stretches === STRETCHES) finest = latest;
    for (let s = 0; s < stretches / 2; s++)
      exceedances[s] = exceedances[2 * s]! + exceedances[2 * s + 1]!;
  }
  // Three doublings lie between the finest and the coarsest, one more leads to the whole.
  const growth = clamp((latest / finest) ** (1 / 3), 1, 2);
  return Math.max(latest, finest) * growth;
}
