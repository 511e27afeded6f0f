import type { Curve } from "@mapek/client";
import type { OutputEvent, Threshold } from "@mapek/core/messages";

/**
 * Threshold messages without the part of each schedule that never held, since the next message of its side came: a page of
 * a week's history would have megabytes of hours that were drawn anew. The newest of each side keeps the whole of its own.
 *
 * @param events Thresholds of one series, oldest first.
 */
export function withoutReplaced(events: readonly OutputEvent[]): OutputEvent[] {
  const nextOf = new Map<string, number>();
  return [...events]
    .reverse()
    .map((event) => {
      const { side = "upper", schedule, timestamp } = event.message as unknown as Threshold;
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

/** The pairs that say what the value is between two times: the last at or before the first of them, to the first at or after the other. */
function within(schedule: Curve, from: number, to: number): Curve {
  const begin = Math.max(
    0,
    schedule.findLastIndex(([time]) => time <= from),
  );
  const end = schedule.findIndex(([time]) => time >= to);
  return schedule.slice(begin, end < 0 ? schedule.length : end + 1);
}
