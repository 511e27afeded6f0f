/**
 * Mean of the `window` values up to each place, the place included; NaN where fewer than `atLeast` are known.
 *
 * A value that is NaN is not counted. Sums are compensated (Kahan), as those of pandas, so that a long series stays exact.
 */
export function rollingMean(values: Float64Array, window: number, atLeast: number): Float64Array {
  const sum = new CompensatedSum();
  let known = 0;
  return values.map((value, i) => {
    if (!Number.isNaN(value)) {
      sum.add(value);
      known++;
    }
    const left = values[i - window];
    if (left !== undefined && !Number.isNaN(left)) {
      sum.add(-left);
      known--;
    }
    return known >= atLeast ? sum.value / known : Number.NaN;
  });
}

/** Sum that loses no more to rounding as it grows longer. Source: Neumaier (1974), ZAMM 54(1), 39-51. */
class CompensatedSum {
  #sum = 0;
  #lost = 0;

  get value(): number {
    return this.#sum + this.#lost;
  }

  add(x: number): void {
    const sum = this.#sum + x;
    this.#lost += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - sum + x : x - sum + this.#sum;
    this.#sum = sum;
  }
}

/**
 * Standard deviation of the `window` values up to each place, each window by itself in two passes; NaN where fewer than
 * `atLeast` are there.
 *
 * @param freedom What is taken from the count before it divides: 0 or 1.
 */
export function rollingDeviation(
  values: Float64Array,
  window: number,
  atLeast: number,
  freedom: 0 | 1,
): Float64Array {
  return values.map((_, i) => {
    const from = Math.max(0, i - window + 1);
    const count = i - from + 1;
    if (count < atLeast) return Number.NaN;
    let mean = 0;
    for (let k = from; k <= i; k++) mean += values[k]!;
    mean /= count;
    let squares = 0;
    for (let k = from; k <= i; k++) squares += (values[k]! - mean) ** 2;
    return Math.sqrt(squares / (count - freedom));
  });
}

/** Each value one place later; the first is NaN. */
export const shifted = (values: Float64Array): Float64Array =>
  values.map((_, i) => (i === 0 ? Number.NaN : values[i - 1]!));

/** A number for each score: 0 for one that is not known, the largest number for an infinite one. */
export const known = (score: number): number =>
  Number.isNaN(score) ? 0 : Math.min(score, Number.MAX_VALUE);
