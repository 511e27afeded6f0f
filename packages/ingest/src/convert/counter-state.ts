import type { CumulativeReading } from "../reading.ts";
import type { OmitReason } from "./conversion.ts";

/** The newest reading of a counter. */
export interface CounterState {
  readonly kind: "counter";
  readonly timeMs: number;
  readonly value: number;
  /** When the reading arrived, by the monitor's clock, ms. */
  readonly seenMs: number;
}

/**
 * The rate per second between two readings of a total, or why there is none.
 *
 * A total restarted where it fell, or where its `startMs` is later than the previous reading. Then the rate is that
 * since `startMs`; without `startMs` there is no rate, because the part before the restart is unknown.
 *
 * @param gapMs Longest time between two readings that are compared, ms.
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
