import type { Change } from "../stats/index.ts";

/** A sentence with numbers about a change of level. */
export function describeChange(
  kind: Change["kind"],
  before: number,
  after: number,
  size: number,
): string {
  const move = `from ${short(before)} to ${short(after)}, ${short(size)} deviations`;
  return kind === "level_shift"
    ? `The level went ${move}, and has stayed: thresholds are learned anew from what came since.`
    : `The level drifts: it went ${move}, bit by bit, and has not settled.`;
}

const short = (x: number): string => String(Number(x.toPrecision(4)));
