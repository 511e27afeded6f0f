import { HOUR_MS } from "./evidence/hourly-profile.ts";

/**
 * Weight of the largest surprise of the four sizes; their mean has the rest. `SOFTNESS` is the exponent of the soft maximum with the
 * surprises of a record and of the last hour. Chosen on kpi, wsd, cloud and NAB (of 0.3 to 0.7).
 */
const LARGEST_SHARE = 0.6;
const SOFTNESS = 1.5;
/**
 * Law of records: on every normal series, −log10 of the share of hours with at least this evidence is 2.5 + 2 · log10(evidence).
 * Chosen on normal series of ten kinds at 1 min, 5 min and 1 h, and checked on NAB's development half, kpi, wsd and cloud.
 */
const RECORD_SURPRISE = 2.5;
const RECORD_RATE = 2;
/**
 * Without this doubt a young series raises false alarms. While a series' hours are unknown, the surprise of a record is reduced: more
 * with fewer samples, and by 1.2 after the first hour, because the daily rise of an unknown day is full of records. Chosen on normal
 * series of ten kinds at 1 min, 5 min and 1 h and on bursts of twenty deviations in the first 300 samples, checked on NAB's
 * development half.
 */
const YOUNG_SAMPLES = 1_200;
const UNKNOWN_DAY = 1.2;

/** The surprise of a record, at least 0. */
export const recordSurprise = (evidence: number): number =>
  evidence > 0 ? Math.max(0, RECORD_SURPRISE + RECORD_RATE * Math.log10(evidence)) : 0;

/** The reduction of a record's surprise while the series' hours are unknown. @param count Samples so far. */
export function youngDoubt(count: number, intervalMs: number): number {
  const isLong = count * intervalMs > HOUR_MS;
  return Math.log10(1 + (YOUNG_SAMPLES / count) ** 2) + (isLong ? UNKNOWN_DAY : 0);
}

/**
 * Combines all families into one surprise: the soft maximum of the four sizes (0.6 · largest + 0.4 · mean), of the record and of the
 * last hour's mean.
 *
 * @param largest Largest surprise of the four sizes. @param mean Mean surprise of the four sizes.
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

/** Soft maximum of two surprises: log10(10^(1.5 a) + 10^(1.5 b)) / 1.5; exactly `a` if `b` is 0. */
const softly = (a: number, b: number): number =>
  b === 0 ? a : Math.log10(10 ** (SOFTNESS * a) + 10 ** (SOFTNESS * b)) / SOFTNESS;
