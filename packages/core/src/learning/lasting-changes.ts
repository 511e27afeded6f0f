import { showNumbers } from "../contract/index.ts";
import type { Change, Side } from "../statistics/index.ts";
import type { SeriesEvent } from "./events.ts";
import type { RecommendationHistory } from "./recommendations/recommendation-history.ts";
import type { ThresholdMove } from "./thresholds/side-threshold.ts";

/** Number of samples from which on lasting changes are detected, so that a new series costs little. */
export const FIRST_CHANGE = 64;

const DIGITS = 4;

/** The newest lasting change of a series' level. */
export interface LastChange extends Pick<Change, "kind" | "since" | "before" | "after"> {
  /** Event time (ms) of the sample that revealed the change. */
  readonly found_at: number;
}

/** `lastChange` is what a series keeps of a change found at an event time (ms); {@link isOfThisLevel} dates thresholds by it. */
export const lastChange = (time: number, { kind, since, before, after }: Change): LastChange => ({
  kind,
  since,
  found_at: time,
  before,
  after,
});

/** `toldChange` makes the event of a lasting change, with its reasoning in words. */
export function toldChange(time: number, change: Change): SeriesEvent {
  const { kind, since, before, after, size } = change;
  const reasoning = describeChange(change);
  return { type: "change", time, kind, since, before, after, size, reasoning };
}

function describeChange({ kind, before, after, size }: Change): string {
  const [from, to] = showNumbers([before, after], DIGITS);
  const move = `from ${from} to ${to}, ${showNumbers([size], DIGITS)[0]} deviations`;
  return kind === "level_shift"
    ? `The level went ${move}, and has stayed: thresholds are learned anew from what came since.`
    : `The level drifts: it went ${move}, bit by bit, and has not settled.`;
}

/**
 * `isOfThisLevel` keeps a threshold of the level before a shift from counting as one of the level after the shift. A
 * recommendation from before the shift may still become a threshold after the shift.
 */
export function isOfThisLevel(
  { source, threshold }: ThresholdMove,
  side: Side,
  last: LastChange | null,
  history: RecommendationHistory,
): boolean {
  if (source === "operator" || source === "signal") return true;
  // The history holds times in whole milliseconds.
  const since = Math.floor(last?.found_at ?? 0);
  return history
    .toArray()
    .some(
      (made) =>
        made.time >= since &&
        made.side === side &&
        made.recommended_value === threshold &&
        !made.provisional,
    );
}
