import type { Anomaly } from "../outputs/anomaly.ts";
import { endingText, evidenceTexts } from "./anomaly-words.ts";
import { showNumbers } from "./show-numbers.ts";

/** What an anomaly is described by; of a file, or of a release before, some of it is missing. */
export type DescribedAnomaly = Pick<Anomaly, "direction" | "peak_value"> &
  Partial<
    Pick<
      Anomaly,
      "expected_low" | "expected_high" | "expected" | "families" | "surprises" | "ending"
    >
  >;

/**
 * What an anomaly is, in words: its peak, what was expected, what was unusual and how rare, how it ended. "peak 500, above what was
 * expected: 50.1, in nine hours of ten 45 to 55; a value this far from its hour's usual one (level) comes in one hour of 3,000".
 */
export function describeAnomaly(anomaly: DescribedAnomaly): string {
  const ending = endingText(anomaly);
  return [
    peakText(anomaly),
    ...evidenceTexts(anomaly),
    ...(ending === undefined ? [] : [ending]),
  ].join("; ");
}

/** Its peak beside what was expected. */
function peakText({
  peak_value,
  direction,
  expected,
  expected_low,
  expected_high,
}: DescribedAnomaly): string {
  const [peak, usual, low, high] = showNumbers([peak_value, expected, expected_low, expected_high]);
  const hasRange = expected_low != null && expected_high != null;
  // The range is of when it opened; by its peak the anomaly itself may have moved what was expected.
  const hasMoved =
    hasRange && expected !== undefined && (expected < expected_low || expected > expected_high);
  const known = [
    expected !== undefined && !hasMoved && usual,
    hasRange && `in nine hours of ten ${low} to ${high}`,
    hasMoved && `by its peak ${usual}`,
  ].filter(Boolean);
  const where =
    direction === "within" ? "within what was expected" : `${direction} what was expected`;
  return `peak ${peak}, ${where}${known.length === 0 ? "" : `: ${known.join(", ")}`}`;
}
