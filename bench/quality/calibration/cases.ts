import { AdaptiveQuantile, recommend, type Strategy } from "@mapek/core/stats";
import type { TimedSeries } from "../../../test/support/synthetic-series.ts";

const HOUR_MS = 3_600_000;
const LENGTHS = [16, 30, 60, 100, 200, 288, 500, 1_000, 2_016];
const TOLERANCE = 0.5;
const ROUNDING = 1e-9;
/** Windows of one length that are taken from one series. */
const WINDOWS = 6;

/** A recommendation, and what became of its promise over the next window of the same length. */
export interface Case {
  readonly series: string;
  readonly length: number;
  readonly exceedanceRate: number;
  readonly strategy: Strategy;
  /** "auto" where the strategy was chosen, otherwise it was asked for. */
  readonly asked: "auto" | "adaptive";
  readonly confidence: number;
  readonly kept: boolean;
}

/** Recommendations all over a series. A value stays in force over the whole next window; "adaptive" is published anew each hour. */
export function casesOf(series: string, { times, values }: TimedSeries): Case[] {
  const cases: Case[] = [];
  for (const exceedanceRate of [0.05, 0.01]) {
    const { published, exceededBefore } = follow({ times, values }, exceedanceRate);
    for (const length of LENGTHS) {
      const room = values.length - 2 * length;
      if (room < 0) continue;
      const step = Math.max(1, Math.floor(room / WINDOWS));
      for (let from = 0; from <= room; from += step) {
        const at = from + length;
        const next = values.subarray(at, at + length);
        for (const asked of ["auto", "adaptive"] as const) {
          const found = recommend(values.subarray(from, at), times.subarray(from, at), {
            exceedanceRate,
            strategy: asked,
            adaptiveValue: published[at - 1],
          });
          if (found === null) continue;
          const { strategy, confidence, recommended_value } = found;
          const exceeded =
            strategy === "adaptive"
              ? exceededBefore[at + length]! - exceededBefore[at]!
              : next.filter((value) => value > recommended_value).length;
          const off = Math.abs(exceeded / length - exceedanceRate);
          const kept = off <= TOLERANCE * exceedanceRate + ROUNDING;
          cases.push({ series, length, exceedanceRate, strategy, asked, confidence, kept });
        }
      }
    }
  }
  return cases;
}

/** What the online threshold would have published after each sample, and how many samples the hourly one let through before each. */
function follow(
  { times, values }: TimedSeries,
  exceedanceRate: number,
): { published: (number | undefined)[]; exceededBefore: number[] } {
  const online = new AdaptiveQuantile({ exceedanceRate });
  const published: (number | undefined)[] = [];
  const exceededBefore = [0];
  let held: number | undefined;
  let heldUntil = Number.NEGATIVE_INFINITY;
  for (const [i, time] of times.entries()) {
    const value = values[i]!;
    exceededBefore.push(exceededBefore[i]! + (held !== undefined && value > held ? 1 : 0));
    online.update(time, value);
    published.push(online.published);
    if (time < heldUntil) continue;
    held = online.published;
    heldUntil = held === undefined ? heldUntil : time + HOUR_MS;
  }
  return { published, exceededBefore };
}
