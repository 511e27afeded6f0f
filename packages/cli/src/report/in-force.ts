import { type Curve, isRedraw, thresholdAt } from "@mapek/client";
import type { ReportedThreshold } from "./report-data.ts";

/** What somebody or a loop decided, and every curve that was handed out by it until the next decision. */
export interface Decided {
  readonly threshold: ReportedThreshold;
  /** Itself and its redraws, ascending. */
  readonly curves: readonly ReportedThreshold[];
}

/** The decisions of one side, ascending; what the clock has drawn anew between them is theirs. */
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
 * The line of what was handed out between two times: of each message its schedule until the next message, so that it shows
 * what a subscriber compared with, not what is known of it today. Where a message moves it, two points have one time.
 *
 * @param curves Ascending, at least one; before the first its values hold.
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
