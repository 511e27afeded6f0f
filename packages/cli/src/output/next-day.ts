import { type Scheduled, thresholdAt } from "@mapek/client";
import { showNumber } from "./output.ts";

/** The range of values in which a threshold is expected after `now`; undefined where its schedule is over or missing. */
export function nextDayOf(threshold: Scheduled, now: number): string | undefined {
  const coming = (threshold.schedule ?? []).filter(([time]) => time > now);
  if (coming.length === 0) return undefined;
  const values = [thresholdAt(threshold, now), ...coming.map(([, value]) => value)];
  return `${showNumber(Math.min(...values))} to ${showNumber(Math.max(...values))}`;
}
