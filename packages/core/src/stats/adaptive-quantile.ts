import { requireFinite, requireRange, requireSnapshot } from "./errors.ts";
import { normalUpperQuantile } from "./normal-distribution.ts";
import { DEFAULT_EXCEEDANCE_RATE } from "./strategies.ts";

/** Rate at which the baseline and the spread follow the series, once warm. */
const FOLLOW_RATE = 0.02;
/** Samples during which the multiple is that of a normal distribution. */
const WARM_UP = 30;
/** A residual counts for the baseline and the spread with at most this many spreads. */
const RESIDUAL_LIMIT = 8;
/** The median of anything lies at most two mean absolute values below 0. */
const LEAST_MULTIPLE = -2;
/** Standard deviation of a normal variable over its mean absolute deviation. */
const DEVIATION_PER_SPREAD = 1.2533141373155;

export interface AdaptiveQuantileOptions {
  /** Promised share of samples above the threshold, 0.0001 … 0.5. @default 0.05 */
  exceedanceRate?: number;
  /** Step of the multiple, 0.001 … 1. Larger: follows faster, jumps about more. @default 0.05 */
  learningRate?: number;
}

/** State of an `AdaptiveQuantile`: plain JSON. */
export interface AdaptiveQuantileSnapshot {
  version: 1;
  exceedance_rate: number;
  learning_rate: number;
  count: number;
  exceedances: number;
  baseline: number;
  spread: number;
  multiple: number;
}

/**
 * Online threshold that holds a promised exceedance rate while the series drifts.
 *
 * threshold = baseline + multiple · spread, with a running mean and mean absolute deviation, and a tracked multiple:
 * after each sample multiple += learningRate · (err − exceedanceRate), err = 1 if the sample was above. The multiple
 * stays within −2 and 2 / exceedanceRate, which by Markov's inequality the quantile does not leave; so the long-run rate
 * equals the promise for any sequence, up to O(1 / (learningRate · samples)).
 * Outliers move the baseline and the spread by a bounded step. Shift and scale equivariant.
 *
 * Cost: O(1) time, 8 numbers.
 * Source: Gibbs and Candès (2021), NeurIPS 34; Angelopoulos, Candès and Tibshirani (2023), NeurIPS 36 (quantile tracking).
 */
export class AdaptiveQuantile {
  #exceedanceRate: number;
  #learningRate: number;
  #count = 0;
  #exceedances = 0;
  #baseline = 0;
  #spread = 0;
  #multiple: number;

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor({
    exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
    learningRate = 0.05,
  }: AdaptiveQuantileOptions = {}) {
    requireRange(exceedanceRate, 0.0001, 0.5, "exceedanceRate");
    requireRange(learningRate, 0.001, 1, "learningRate");
    this.#exceedanceRate = exceedanceRate;
    this.#learningRate = learningRate;
    this.#multiple = normalUpperQuantile(exceedanceRate) * DEVIATION_PER_SPREAD;
  }

  /** Samples seen. */
  get count(): number {
    return this.#count;
  }

  /** Share of samples that were above the threshold in force when they came, 0 … 1; undefined before the second. */
  get measuredRate(): number | undefined {
    return this.#count < 2 ? undefined : this.#exceedances / (this.#count - 1);
  }

  /** Threshold for the next sample, unit of the values, finite; undefined before the first. */
  value(): number | undefined {
    return this.#count === 0
      ? undefined
      : clampFinite(this.#baseline + this.#multiple * this.#spread);
  }

  /** Takes the next sample in order of time. @throws {StatsError} MAPEK_STATS_NOT_FINITE */
  update(x: number): void {
    requireFinite(x, "value");
    if (this.#count === 0) {
      this.#count = 1;
      this.#baseline = x;
      return;
    }
    const above = x > this.#baseline + this.#multiple * this.#spread;
    if (above) this.#exceedances++;
    this.#count++;
    const residual = clampFinite(x - this.#baseline);
    const rate = Math.max(FOLLOW_RATE, 1 / this.#count);
    // After a constant stretch the spread is 0 and gives no measure: then the residual counts whole.
    const limit =
      this.#count > WARM_UP && this.#spread > 0 ? RESIDUAL_LIMIT * this.#spread : Number.MAX_VALUE;
    const bounded = Math.min(limit, Math.max(-limit, residual));
    this.#baseline = clampFinite(this.#baseline + rate * bounded);
    this.#spread = clampFinite(this.#spread + rate * (Math.abs(bounded) - this.#spread));
    if (this.#count <= WARM_UP || this.#spread === 0) return;
    const multiple = this.#multiple + this.#learningRate * ((above ? 1 : 0) - this.#exceedanceRate);
    this.#multiple = Math.min(2 / this.#exceedanceRate, Math.max(LEAST_MULTIPLE, multiple));
  }

  snapshot(): AdaptiveQuantileSnapshot {
    return {
      version: 1,
      exceedance_rate: this.#exceedanceRate,
      learning_rate: this.#learningRate,
      count: this.#count,
      exceedances: this.#exceedances,
      baseline: this.#baseline,
      spread: this.#spread,
      multiple: this.#multiple,
    };
  }

  /** Continues where `snapshot` was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AdaptiveQuantileSnapshot): AdaptiveQuantile {
    const {
      version,
      exceedance_rate,
      learning_rate,
      count,
      exceedances,
      baseline,
      spread,
      multiple,
    } = snapshot;
    requireSnapshot(version === 1, "not an adaptive quantile of version 1");
    requireSnapshot(
      exceedance_rate >= 0.0001 && exceedance_rate <= 0.5,
      "exceedance_rate out of range",
    );
    requireSnapshot(learning_rate >= 0.001 && learning_rate <= 1, "learning_rate out of range");
    requireSnapshot(
      Number.isSafeInteger(count) &&
        Number.isSafeInteger(exceedances) &&
        exceedances >= 0 &&
        exceedances <= count,
      "counts out of range",
    );
    requireSnapshot(
      [baseline, spread, multiple].every(Number.isFinite) && spread >= 0,
      "a number is not finite",
    );
    const restored = new AdaptiveQuantile({
      exceedanceRate: exceedance_rate,
      learningRate: learning_rate,
    });
    restored.#count = count;
    restored.#exceedances = exceedances;
    restored.#baseline = baseline;
    restored.#spread = spread;
    restored.#multiple = multiple;
    return restored;
  }
}

function clampFinite(x: number): number {
  return Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, x));
}
