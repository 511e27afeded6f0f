import {
  CRITICAL_Z,
  cells,
  enlargement,
  noiseWithin,
  type Slope,
  sizeOf,
} from "../trend/trend-cells.ts";

const DAY_MS = 86_400_000;
const HARMONICS = 2;
/** The constant, two waves a harmonic, the line. */
const TERMS = 2 + 2 * HARMONICS;
const MAX_BLOCKS = 32;
/** A cell further from the median of itself and its neighbours than this many usual distances is replaced by it. */
const OUTLIER = 4;

/** Part of a cell that the fit leaves free, at least. */
const LEAST_FREE = 0.05;
/** Factor on the error: the autocorrelation is estimated from few cells. */
const CAUTION = 1.3;

const basis = Array.from({ length: TERMS }, () => new Float64Array(MAX_BLOCKS));
const distances = new Float64Array(MAX_BLOCKS);
const smoothed = new Float64Array(MAX_BLOCKS);

/**
 * Slope of a line beside the first two harmonics of a day, by least squares: a part of a daily cycle is never taken for a
 * line. A shorter window leaves less of the line; a window of a day or more leaves enough.
 *
 * Cells that stand out are first replaced by the median of three neighbours.
 *
 * @returns Undefined when there are not enough cells, or nothing is left of the line.
 * Source: Tukey (1977), Exploratory Data Analysis, chapter 7 (medians of three).
 */
export function cyclicTrend(): Slope | undefined {
  const { count, time } = cells;
  if (count < 2 * TERMS) return undefined;
  smoothByThree();
  for (let i = 0; i < count; i++) {
    basis[0]![i] = 1;
    for (let k = 1; k <= HARMONICS; k++) {
      const angle = (2 * Math.PI * k * time[i]!) / DAY_MS;
      basis[2 * k - 1]![i] = Math.sin(angle);
      basis[2 * k]![i] = Math.cos(angle);
    }
    basis[TERMS - 1]![i] = time[i]! / DAY_MS;
  }
  for (let term = 0; term < TERMS - 1; term++) {
    const length = Math.sqrt(dot(basis[term]!, basis[term]!, count));
    if (length < 1e-9) return undefined;
    for (let i = 0; i < count; i++) basis[term]![i]! /= length;
    for (let other = term + 1; other < TERMS; other++)
      takeOff(basis[other]!, basis[term]!, dot(basis[other]!, basis[term]!, count), count);
    takeOff(smoothed, basis[term]!, dot(smoothed, basis[term]!, count), count);
  }
  const line = basis[TERMS - 1]!;
  const left = dot(line, line, count);
  if (left < 1e-12) return undefined;
  const perDay = dot(smoothed, line, count) / left;
  takeOff(smoothed, line, perDay, count);
  const variance = dot(smoothed, smoothed, count) / (count - TERMS);
  let weighted = 0;
  for (let i = 0; i < count; i++) {
    let leverage = line[i]! ** 2 / left;
    for (let term = 0; term < TERMS - 1; term++) leverage += basis[term]![i]! ** 2;
    weighted += ((line[i]! * smoothed[i]!) / Math.max(LEAST_FREE, 1 - leverage)) ** 2;
  }
  const usual = Math.max(weighted / left, variance);
  const error = CAUTION * Math.sqrt((usual / left) * enlargement(smoothed, count, TERMS));
  return {
    slope: perDay / DAY_MS,
    low: (perDay - CRITICAL_Z * error) / DAY_MS,
    high: (perDay + CRITICAL_Z * error) / DAY_MS,
    z: error > 0 ? Math.abs(perDay) / error : 0,
    deviation: Math.sqrt(variance + noiseWithin()),
  };
}

/** Fills `smoothed`. The missing neighbour of a cell at an end is extrapolated from the two cells next to that end. */
function smoothByThree(): void {
  const { count, mean } = cells;
  const last = count - 1;
  for (let i = 0; i < count; i++) {
    const before = i > 0 ? mean[i - 1]! : 2 * mean[1]! - mean[2]!;
    const after = i < last ? mean[i + 1]! : 2 * mean[last - 1]! - mean[last - 2]!;
    smoothed[i] = middle(before, mean[i]!, after);
    distances[i] = mean[i]! - smoothed[i]!;
  }
  const limit = OUTLIER * sizeOf(distances, count);
  for (let i = 0; i < count; i++) if (Math.abs(distances[i]!) <= limit) smoothed[i] = mean[i]!;
}

const middle = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

function dot(a: Float64Array, b: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += a[i]! * b[i]!;
  return sum;
}

function takeOff(from: Float64Array, direction: Float64Array, length: number, count: number): void {
  for (let i = 0; i < count; i++) from[i]! -= length * direction[i]!;
}
