/** Quantile of type 7 by sorting: the oracle. */
export function sortedQuantile(values: readonly number[], probability: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * probability;
  const low = sorted[Math.floor(position)]!;
  const high = sorted[Math.ceil(position)]!;
  return low + (high - low) * (position - Math.floor(position));
}

/** Mean and population deviation by compensated sums (Neumaier, 1974): the oracle. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = compensatedSum(values) / values.length;
  const deviation = Math.sqrt(compensatedSum(values.map((x) => (x - mean) ** 2)) / values.length);
  return { mean, deviation };
}

function compensatedSum(values: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  for (const x of values) {
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return sum + lost;
}
