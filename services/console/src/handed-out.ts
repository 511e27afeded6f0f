import type { Curve } from "@mapek/client";
import { type OutputEvent, outputsOf } from "@mapek/core/contract";

/**
 * Removes from each threshold message the part of its schedule that the next message of the same side replaced: the
 * history of a week would otherwise take megabytes. The newest message of each side keeps its whole schedule.
 *
 * @param events Thresholds of one series, oldest first.
 */
export function withoutReplaced(events: readonly OutputEvent[]): OutputEvent[] {
  const nextOf = new Map<string, number>();
  return outputsOf("thresholds", events)
    .reverse()
    .map((event): OutputEvent => {
      const { side = "upper", schedule, timestamp } = event.message;
      const next = nextOf.get(side);
      nextOf.set(side, timestamp);
      if (schedule === undefined || next === undefined) return event;
      return {
        ...event,
        message: { ...event.message, schedule: within(schedule, timestamp, next) },
      };
    })
    .reverse();
}

/** The pairs of a schedule that define its values from `from` to `to`, with one pair at or beyond each end. */
function within(schedule: Curve, from: number, to: number): Curve {
  const begin = Math.max(
    0,
    schedule.findLastIndex(([time]) => time <= from),
  );
  const end = schedule.findIndex(([time]) => time >= to);
  return schedule.slice(begin, end < 0 ? schedule.length : end + 1);
}
