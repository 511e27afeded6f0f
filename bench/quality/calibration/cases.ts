import { type Scheduled, thresholdAt } from "@mapek/core/curve";
import { SIDES, type Side } from "@mapek/core/statistics";
import { type ClosedLoopOptions, closedLoop, sideOf } from "../../../test/support/closed-loop.ts";
import type { TimedSeries } from "../../../test/support/synthetic-series.ts";

const TOLERANCE = 0.5;
const ROUNDING = 1e-9;

/** A recommendation message, and what became of the promise while the next window went by. */
export interface Case {
  readonly series: string;
  readonly side: Side;
  readonly exceedanceRate: number;
  /** Samples that it rests on, and that its promise is judged over. */
  readonly length: number;
  /** Chance that it said. */
  readonly confidence: number;
  /** Whether the thresholds in force let through what was promised, within ±50 %. */
  readonly kept: boolean;
}

/**
 * Every recommendation of a series in the closed loop whose next window is whole, with a threshold in force all the while.
 * Each sample counts against what the last message before it said of its time. Cost: about 20 µs a sample.
 */
export function casesOf(
  name: string,
  series: TimedSeries,
  { exceedanceRate = 0.05, sides = SIDES }: ClosedLoopOptions = {},
): Case[] {
  const watched = sides.map((side) => new Watched(side));
  let index = 0;
  for (const step of closedLoop(series, { exceedanceRate, sides })) {
    for (const one of watched) one.judge(step.time, step.value);
    index++;
    for (const message of step.thresholds)
      for (const one of watched) if (one.side === sideOf(message)) one.hold(message, index);
    for (const message of step.recommendations) {
      const { confidence, supporting_data } = message;
      const length = supporting_data.data_points as number;
      for (const one of watched)
        if (one.side === sideOf(message)) one.said.push({ index, length, confidence });
    }
  }
  return watched.flatMap(({ side, said, since, beyondBefore }) =>
    said
      .filter((one) => one.index >= since && one.index + one.length <= index)
      .map(({ index: from, length, confidence }) => {
        const beyond = beyondBefore[from + length]! - beyondBefore[from]!;
        const off = Math.abs(beyond / length - exceedanceRate);
        const kept = off <= TOLERANCE * exceedanceRate + ROUNDING;
        return { series: name, side, exceedanceRate, length, confidence, kept };
      }),
  );
}

/** What a subscriber has of one side, and what it was told. */
class Watched {
  readonly side: Side;
  readonly said: { index: number; length: number; confidence: number }[] = [];
  /** Samples beyond what was in force, before each. */
  readonly beyondBefore = [0];
  /** The sample from which on a threshold is in force. */
  since = Number.POSITIVE_INFINITY;
  #held: Scheduled | undefined;

  constructor(side: Side) {
    this.side = side;
  }

  judge(time: number, value: number): void {
    const threshold = this.#held === undefined ? value : thresholdAt(this.#held, time);
    const isBeyond = this.side === "upper" ? value > threshold : value < threshold;
    this.beyondBefore.push(this.beyondBefore.at(-1)! + (isBeyond ? 1 : 0));
  }

  hold(message: Scheduled, index: number): void {
    this.#held = message;
    this.since = Math.min(this.since, index);
  }
}
