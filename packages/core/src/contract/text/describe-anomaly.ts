import type { Anomaly } from "../outputs/anomaly.ts";
import { endingText, evidenceTexts } from "./anomaly-words.ts";
import { showNumbers } from "./show-numbers.ts";

/** The fields that describe an anomaly; an anomaly from a file or from an older release lacks some. */
export type DescribedAnomaly = Pick<Anomaly, "direction" | "peak_value"> &
  Partial<
    Pick<
      Anomaly,
      "expected_low" | "expected_high" | "expected" | "families" | "surprises" | "ending"
    >
  >;

/**
 * Describes an anomaly by its peak, the expected value, the evidence with its rarity, and the ending: "peak 500, above what was
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

/** The peak of an anomaly beside the expected value. */
function peakText({
  peak_value,
  direction,
  expected,
  expected_low,
  expected_high,
}: DescribedAnomaly): string {
  const [peak, usual, low, high] = showNumbers([peak_value, expected, expected_low, expected_high]);
  const hasRange = expected_low != null && expected_high != null;
  // The range is that of the opening; until the peak the anomaly itself may have moved the expected value.
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
