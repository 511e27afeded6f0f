import { type Curve, isRedraw, thresholdAt } from "@mapek/client";
import type { ReportedThreshold } from "./report-data.ts";

/** A decision about a threshold, with every curve handed out under it until the next decision. */
export interface Decided {
  readonly threshold: ReportedThreshold;
  /** The decision and its redraws, in order of time. */
  readonly curves: readonly ReportedThreshold[];
}

/** The decisions of one side, in order of time; redraws belong to the decision before them. */
export function decisionsOf(
  thresholds: readonly ReportedThreshold[],
  side: ReportedThreshold["side"],
): Decided[] {
  const found: { threshold: ReportedThreshold; curves: ReportedThreshold[] }[] = [];
  for (const one of thresholds) {
    if (one.side !== side) continue;
    const last = found.at(-1);
    if (last !== undefined && isRedraw(one, last.threshold)) last.curves.push(one);
    else found.push({ threshold: one, curves: [one] });
  }
  return found;
}

/**
 * The line of the thresholds handed out between two times: each message's schedule until the next message. The line
 * shows what subscribers had then, not what is known about that time today. Where a message moves the threshold, two
 * points have the same time.
 *
 * @param curves In order of time, at least one; the first also counts for the time before it.
 */
export function lineOf(curves: readonly ReportedThreshold[], from: number, to: number): Curve {
  return curves.flatMap((one, i) => {
    const begin = i === 0 ? from : Math.max(from, one.timestamp);
    const end = Math.min(to, curves[i + 1]?.timestamp ?? to);
    if (end < begin) return [];
    const between = (one.schedule ?? []).filter(([time]) => time > begin && time < end);
    return [
      [begin, thresholdAt(one, begin)] as const,
      ...between,
      [end, thresholdAt(one, end)] as const,
    ];
  });
}
