import { eigen } from "./eigen.ts";

/** Windows of the first half from which the subspace is learned, at most. */
const LEARNED_WINDOWS = 20_000;

/**
 * Distance of the last `width` points from the windows of the series' first half: root of the mean square along their
 * principal axes, each in deviations along it (Mahalanobis), with no axis shorter than a thousandth of the longest.
 * 0 for rows before the first full window. Cost: O(width²) a row.
 */
export function subspaceDistance(values: Float64Array, width: number): Float64Array {
  const half = values.length >>> 1;
  const stride = Math.max(1, Math.floor((half - width) / LEARNED_WINDOWS));
  const starts: number[] = [];
  for (let start = 0; start <= half - width; start += stride) starts.push(start);
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  for (let k = 0; k < width; k++) {
    for (const start of starts) mean[k]! += values[start + k]! / starts.length;
    for (const start of starts)
      deviation[k]! += (values[start + k]! - mean[k]!) ** 2 / starts.length;
    deviation[k] = Math.sqrt(deviation[k]!) + 1e-12;
  }
  const axes = axesOf(values, starts, mean, deviation);
  const scores = new Float64Array(values.length);
  const window = new Float64Array(width);
  for (let start = 0; start + width <= values.length; start++) {
    for (let k = 0; k < width; k++) window[k] = (values[start + k]! - mean[k]!) / deviation[k]!;
    let squares = 0;
    for (const axis of axes) {
      let along = 0;
      for (let k = 0; k < width; k++) along += window[k]! * axis[k]!;
      squares += along * along;
    }
    scores[start + width - 1] = Math.sqrt(squares / width);
  }
  return scores;
}

/** Principal axes of the standardised windows, each divided by the deviation along it. */
function axesOf(
  values: Float64Array,
  starts: readonly number[],
  mean: Float64Array,
  deviation: Float64Array,
): Float64Array[] {
  const width = mean.length;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  const window = new Float64Array(width);
  // The windows are standardised by their own mean, so their mean is 0.
  for (const start of starts) {
    for (let k = 0; k < width; k++) window[k] = (values[start + k]! - mean[k]!) / deviation[k]!;
    for (let a = 0; a < width; a++)
      for (let b = 0; b <= a; b++)
        covariance[a]![b]! += (window[a]! * window[b]!) / (starts.length - 1);
  }
  for (let a = 0; a < width; a++) {
    covariance[a]![a]! += 1e-9;
    for (let b = 0; b < a; b++) covariance[b]![a] = covariance[a]![b]!;
  }
  const { values: variances, vectors } = eigen(covariance);
  const least = 1e-6 * variances.reduce((a, b) => Math.max(a, b));
  return vectors.map((axis, i) => axis.map((x) => x / Math.sqrt(Math.max(variances[i]!, least))));
}
