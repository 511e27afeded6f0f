/** Count, mean and sample variance (divisor n − 1) of a list; NaN values are left out. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

/** Two passes, so that equal numbers have a variance of exactly 0. An empty list has mean 0. */
export function moments(values: readonly number[]): Moments {
  const known = values.filter((value) => !Number.isNaN(value));
  const first = known[0];
  if (first === undefined) return { count: 0, mean: 0, variance: 0 };
  const count = known.length;
  const mean = first + known.reduce((sum, value) => sum + (value - first), 0) / count;
  if (count === 1) return { count, mean, variance: 0 };
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count, mean, variance: squares / (count - 1) };
}
