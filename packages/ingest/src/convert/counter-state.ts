import type { CumulativeReading } from "../reading.ts";
import type { OmitReason } from "./conversion.ts";

/** The newest reading of a counter. */
export interface CounterState {
  readonly kind: "counter";
  readonly timeMs: number;
  readonly value: number;
  /** When it came, by the monitor's clock. */
  readonly seenMs: number;
}

/**
 * The rate per second between two readings of a total, or why there is none.
 *
 * A total that fell, or that says it started after the reading before, started anew: then the rate is that since its start
 * where it tells it, and there is none otherwise, since nobody knows what was lost.
 *
 * @param gapMs Longest distance of two readings that are compared.
 */
export function counterRate(
  before: CounterState | undefined,
  { value, startMs }: Pick<CumulativeReading, "value" | "startMs">,
  timeMs: number,
  gapMs: number,
): number | OmitReason {
  if (before === undefined) return "first";
  if (timeMs <= before.timeMs) return "not_newer";
  if (timeMs - before.timeMs > gapMs) return "first";
  const startedAnew = startMs !== undefined && startMs > before.timeMs;
  if (value >= before.value && !startedAnew)
    return ((value - before.value) / (timeMs - before.timeMs)) * 1_000;
  if (startMs === undefined || startMs < before.timeMs || startMs >= timeMs) return "reset";
  return (value / (timeMs - startMs)) * 1_000;
}
