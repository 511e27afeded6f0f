import type { Curve } from "@mapek/client";
import { SIDES } from "@mapek/core/contract";
import { showNumber, showTime } from "../output/output.ts";
import { decisionsOf, lineOf } from "./in-force.ts";
import type { ReportedSeries, ReportedThreshold } from "./report-data.ts";

/** A threshold line in the chart. */
interface Line {
  readonly points: Curve;
  readonly title: string;
  /** Whether the threshold was in force; false for expected and recommended ones. */
  readonly isInForce: boolean;
}

/** Part of what is shown of the past that is shown of what comes. */
const AHEAD = 0.25;

/** End of the chart, ms: after the newest sample where a threshold's schedule goes further. */
export function shownUntil({ times, thresholds }: ReportedSeries): number {
  const [from, to] = [times[0] as number, times.at(-1) as number];
  const ends = SIDES.map((side) => newestOf(thresholds, side)?.schedule?.at(-1)?.[0] ?? to);
  return Math.min(to + AHEAD * (to - from), Math.max(to, ...ends));
}

const newestOf = (thresholds: readonly ReportedThreshold[], side: ReportedThreshold["side"]) =>
  thresholds.findLast((one) => one.side === side);

/**
 * The thresholds handed out, one line per decision, and the expected course of the newest. Where none was ever in
 * force: the recommended one.
 */
export function thresholdLines(series: ReportedSeries): Line[] {
  const { times, thresholds, recommendation } = series;
  const from = times[0] as number;
  const to = times.at(-1) as number;
  if (thresholds.length === 0 && recommendation !== null) {
    const value = recommendation.recommended_value;
    const points = [[from, value] as const, [to, value] as const];
    return [{ points, title: `recommended: ${showNumber(value)}`, isInForce: false }];
  }
  return SIDES.flatMap((side) => [
    ...handedOut(decisionsOf(thresholds, side), from, to),
    ...coming(newestOf(thresholds, side), from, to, shownUntil(series)),
  ]);
}

function handedOut(decisions: ReturnType<typeof decisionsOf>, from: number, to: number): Line[] {
  return decisions.flatMap(({ threshold, curves }, i) => {
    const { side, timestamp, source, reasoning } = threshold;
    const next = decisions[i + 1]?.threshold.timestamp ?? Number.POSITIVE_INFINITY;
    if (timestamp >= to || next < from) return [];
    return [
      {
        points: lineOf(curves, Math.max(timestamp, from), Math.min(next, to)),
        title: `${side} threshold ${showNumber(threshold.threshold)} since ${showTime(timestamp)} (${source}): ${reasoning}`,
        isInForce: true,
      },
    ];
  });
}

/**
 * The expected course of the newest threshold. A threshold without a schedule that was set at the newest sample is
 * drawn along all samples: it would not be visible otherwise.
 */
function coming(
  newest: ReportedThreshold | undefined,
  from: number,
  to: number,
  until: number,
): Line[] {
  if (newest === undefined) return [];
  const { side, schedule, timestamp, threshold, source, reasoning } = newest;
  if (schedule !== undefined && until > to)
    return [
      {
        points: lineOf([newest], to, until),
        title: `${side} threshold, expected`,
        isInForce: false,
      },
    ];
  if (timestamp < to) return [];
  const title = `${side} threshold ${showNumber(threshold)} since ${showTime(timestamp)} (${source}): ${reasoning}`;
  return [{ points: lineOf([newest], from, to), title, isInForce: false }];
}
