import { type Scheduled, thresholdAt } from "@mapek/client";
import { showNumber } from "./output.ts";

/** Between which values a threshold is expected that follows the day; undefined for one that does not move any more. */
export function nextDayOf(threshold: Scheduled, now: number): string | undefined {
  const coming = (threshold.schedule ?? []).filter(([time]) => time > now);
  if (coming.length === 0) return undefined;
  const values = [thresholdAt(threshold, now), ...coming.map(([, value]) => value)];
  return `${showNumber(Math.min(...values))} to ${showNumber(Math.max(...values))}`;
}
