import { isRedraw } from "@mapek/client/redraw";
import type { Threshold } from "@mapek/core/contract";
import { type Curve, thresholdAt } from "@mapek/core/curve";
import { quantity } from "../format.ts";

/** The messages that carry a decision, without those that only redraw the same threshold. All of one side, oldest first. */
export function decisionsOf(messages: readonly Threshold[]): Threshold[] {
  const found: Threshold[] = [];
  for (const message of messages) if (!isRedraw(message, found.at(-1))) found.push(message);
  return found;
}

/**
 * The threshold that subscribers had at each time, not what is known about that time today.
 * Cost: O(times · pairs of a schedule).
 *
 * @param messages Of one side, oldest first. @param times Ascending.
 * @returns Null for times before the first known message.
 */
export function handedOutAt(
  messages: readonly Threshold[],
  times: readonly number[],
): (number | null)[] {
  let next = 0;
  return times.map((time) => {
    while ((messages[next]?.timestamp ?? Number.POSITIVE_INFINITY) <= time) next++;
    const message = messages[next - 1];
    return message === undefined ? null : thresholdAt(message, time);
  });
}

const DAY_MS = 86_400_000;

/**
 * The present threshold at an earlier time, read from the same time of day in its schedule. Imported history has no
 * other threshold; no sample was compared with this one.
 */
export function presentAt(message: Threshold, time: number): number {
  const begin = message.schedule?.[0]?.[0] ?? time;
  return thresholdAt(message, time + DAY_MS * Math.max(0, Math.ceil((begin - time) / DAY_MS)));
}

/** The expected threshold between two times, both included; empty where its schedule is over or missing. */
export function aheadOf(message: Threshold | undefined, from: number, to: number): Curve {
  const end = Math.min(to, message?.schedule?.at(-1)?.[0] ?? from);
  if (message?.schedule === undefined || end <= from) return [];
  const between = message.schedule.filter(([time]) => time > from && time < end);
  return [
    [from, thresholdAt(message, from)] as const,
    ...between,
    [end, thresholdAt(message, end)] as const,
  ];
}

/** The range of the expected threshold in words; undefined where its schedule is over or missing. */
export function nextHours(message: Threshold, from: number, metric: string): string | undefined {
  const values = aheadOf(message, from, Number.POSITIVE_INFINITY).map(([, value]) => value);
  if (values.length === 0) return undefined;
  return `${quantity(Math.min(...values), metric)} to ${quantity(Math.max(...values), metric)} in the next day`;
}
