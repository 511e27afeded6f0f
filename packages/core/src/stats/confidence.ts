import { normalCdf } from "./normal-distribution.ts";

/** Finest stretches into which the window is cut. */
const STRETCHES = 16;
/** A promise is kept when the next rate is within this share of itself. */
const TOLERANCE = 0.5;
/** What is believed before the first look: squared error over that of independent samples, and its weight in pairs. */
const PRIOR_DISPERSION = 2;
const PRIOR_PAIRS = 4;

const exceedances = new Float64Array(STRETCHES);

/** What the window says about a threshold's promise. */
export interface Promised {
  /** Probability that it will be kept, 0 … 1. */
  confidence: number;
  /** Values of the window above the threshold. */
  above: number;
}

/**
 * Probability that a threshold keeps its promised exceedance rate, within ±50 % of itself, over the next stretch as
 * long as this window.
 *
 * The window is cut into 16 stretches, then 8, 4 and 2. How much the rate above the threshold differs from one
 * stretch to the next, against what independent samples would give, measures dispersion at each length; its growth
 * with length is carried on to the whole window. The rate to come is then normal around the rate seen, with this
 * dispersion for both the estimate and the outcome. A prior of twice the dispersion of independent samples keeps
 * short windows modest.
 *
 * @param values In order of time, at least one.
 * @param threshold Same unit as the values.
 * @param exceedanceRate Promised share above the threshold, 0 … 1.
 * Cost: O(n), about 25 µs for 10,000 values.
 */
export function assessPromise(
  values: Float64Array,
  threshold: number,
  exceedanceRate: number,
): Promised {
  const n = values.length;
  let total = 0;
  let from = 0;
  for (let s = 0; s < STRETCHES; s++) {
    const to = Math.floor(((s + 1) * n) / STRETCHES);
    let above = 0;
    for (let i = from; i < to; i++) if (values[i]! > threshold) above++;
    exceedances[s] = above;
    total += above;
    from = to;
  }
  const single = exceedanceRate * (1 - exceedanceRate);
  // Half a stretch of prior belief in the promise: nothing above in few samples says little.
  const seen = (total + 1) / (n + 1 / exceedanceRate);
  const variance = (2 * single * dispersion(n, single)) / n;
  // Rates come in whole samples: the continuity correction takes the whole samples that count as kept.
  const lowest = (Math.ceil((1 - TOLERANCE) * exceedanceRate * n) - 0.5) / n;
  const highest = (Math.floor((1 + TOLERANCE) * exceedanceRate * n) + 0.5) / n;
  const deviation = Math.sqrt(variance);
  const kept = normalCdf((highest - seen) / deviation) - normalCdf((lowest - seen) / deviation);
  return { confidence: Math.min(1, Math.max(0, kept)), above: total };
}

/** Squared difference of neighbouring rates over that of independent samples, carried on to length n. */
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
  const growth = Math.min(2, Math.max(1, (latest / finest) ** (1 / 3)));
  return Math.max(latest, finest) * growth;
}
