import { showNumbers } from "../messages/index.ts";
import type { Change } from "../stats/index.ts";

const DIGITS = 4;

/** A sentence with numbers about a change of level. */
export function describeChange(
  kind: Change["kind"],
  before: number,
  after: number,
  size: number,
): string {
  const [from, to] = showNumbers([before, after], DIGITS);
  const move = `from ${from} to ${to}, ${showNumbers([size], DIGITS)[0]} deviations`;
  return kind === "level_shift"
    ? `The level went ${move}, and has stayed: thresholds are learned anew from what came since.`
    : `The level drifts: it went ${move}, bit by bit, and has not settled.`;
}
