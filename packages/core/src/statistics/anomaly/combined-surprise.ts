import { HOUR_MS } from "./evidence/hourly-profile.ts";

/** What the largest surprise of the families counts, their mean the rest; a record and the mean of an hour join them as the larger, softly. Chosen on kpi, wsd, cloud and NAB (of 0.3 to 0.7). */
const LARGEST_SHARE = 0.6;
const SOFTNESS = 1.5;
/**
 * Surprise of records: −log10 of the share of hours with so much evidence is 2.5 + 2 · log10(evidence), of whatever normal series. Chosen
 * on normal series of ten kinds at 1 min, 5 min and 1 h, and checked on NAB's development half, kpi, wsd and cloud.
 */
const RECORD_SURPRISE = 2.5;
const RECORD_RATE = 2;
/**
 * Before a series' hours are known each record is doubted: by how few samples there were, and from the first hour on since its day is
 * not known, whose rise is full of records. Chosen on normal series of ten kinds at 1 min, 5 min and 1 h and on bursts of twenty
 * deviations in the first 300 samples, checked on NAB's development half.
 */
const YOUNG_SAMPLES = 1_200;
const UNKNOWN_DAY = 1.2;

/** Surprise of a record of so much evidence, from 0. */
export const recordSurprise = (evidence: number): number =>
  evidence > 0 ? Math.max(0, RECORD_SURPRISE + RECORD_RATE * Math.log10(evidence)) : 0;

/** What a record is doubted by while the series' hours are not known. @param count Samples so far. */
export function youngDoubt(count: number, intervalMs: number): number {
  const isLong = count * intervalMs > HOUR_MS;
  return Math.log10(1 + (YOUNG_SAMPLES / count) ** 2) + (isLong ? UNKNOWN_DAY : 0);
}

/**
 * One surprise of all families: the largest and the mean of the four sizes by their shares, or that of a record or of the last hour's
 * mean where it is larger, softly.
 */
export function combinedSurprise(
  largest: number,
  mean: number,
  record: number,
  hour: number,
): number {
  const both = LARGEST_SHARE * largest + (1 - LARGEST_SHARE) * mean;
  return softly(softly(both, record), hour);
}

/** About the larger of two surprises: log10(10^(1.5 a) + 10^(1.5 b)) / 1.5; the first alone where the second says nothing. */
const softly = (a: number, b: number): number =>
  b === 0 ? a : Math.log10(10 ** (SOFTNESS * a) + 10 ** (SOFTNESS * b)) / SOFTNESS;
