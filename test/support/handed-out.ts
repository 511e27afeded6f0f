import { type Scheduled, thresholdAt } from "@mapek/core/curve";
import { AdaptiveQuantile, type Side } from "@mapek/core/statistics";
import { type ClosedLoopOptions, closedLoop, sideOf } from "./closed-loop.ts";
import type { TimedSeries } from "./synthetic-series.ts";

const DAY_MS = 86_400_000;

/** How a threshold did on the samples for which there was one. */
export interface Kept {
  readonly judged: number;
  /** Share beyond it, and beyond it or on it, 0–1. */
  readonly beyond: number;
  readonly reached: number;
  /** Mean pinball loss, unit of the values, of the samples outside of anomalies: those of anomalies are not learned at first. */
  readonly pinball: number;
}

/** What the learner knew, and what subscribers had, on the same samples: those that came when a threshold was in force. */
export interface HandedOut {
  readonly side: Side;
  /** Changes with each sample. */
  readonly online: Kept;
  /** What the last recommendation proposed. */
  readonly published: Kept;
  /** What the last message on `thresholds` said of the sample's time. */
  readonly inForce: Kept;
  /** Messages on `thresholds`, a day. */
  readonly messages: number;
}

/**
 * Runs a series through the three services' logic in the closed loop and judges each sample by the last messages
 * before it, as a subscriber would. Cost: about 20 µs a sample.
 *
 * @returns One for each of the sides, in their order.
 */
export function handedOutSides(
  series: TimedSeries,
  options: ClosedLoopOptions & { readonly sides: readonly Side[] },
): HandedOut[] {
  const { exceedanceRate = 0.05, sides } = options;
  const watched = sides.map((side) => new Watched(exceedanceRate, side));
  for (const step of closedLoop(series, options)) {
    const { time, value, thresholds, recommendations, isAnomalous } = step;
    for (const one of watched) one.judge(time, value, isAnomalous);
    for (const message of thresholds)
      for (const one of watched) if (one.side === sideOf(message)) one.hold(message);
    for (const message of recommendations)
      for (const one of watched)
        if (one.side === sideOf(message)) one.published = message.recommended_value;
  }
  const days = ((series.times.at(-1) ?? 0) - (series.times[0] ?? 0)) / DAY_MS;
  return watched.map((one) => one.handedOut(days));
}

/** The same for one side. */
export function handedOut(
  series: TimedSeries,
  { side = "upper", ...options }: Omit<ClosedLoopOptions, "sides"> & { readonly side?: Side } = {},
): HandedOut {
  return handedOutSides(series, { ...options, sides: [side] })[0]!;
}

/** One side of a series, as the learner knows it and as a subscriber has it. */
class Watched {
  readonly side: Side;
  published: number | undefined;
  readonly #learned: AdaptiveQuantile;
  readonly #online: Tally;
  readonly #published: Tally;
  readonly #inForce: Tally;
  #held: Scheduled | undefined;
  #messages = 0;

  constructor(exceedanceRate: number, side: Side) {
    this.side = side;
    this.#learned = new AdaptiveQuantile({ exceedanceRate, side });
    this.#online = new Tally(exceedanceRate, side);
    this.#published = new Tally(exceedanceRate, side);
    this.#inForce = new Tally(exceedanceRate, side);
  }

  judge(time: number, value: number, isAnomalous: boolean): void {
    if (this.#held !== undefined) {
      this.#inForce.take(thresholdAt(this.#held, time), value, isAnomalous);
      this.#published.take(this.published, value, isAnomalous);
      this.#online.take(this.#learned.value(time), value, isAnomalous);
    }
    this.#learned.update(time, value);
  }

  hold(message: Scheduled): void {
    this.#held = message;
    this.#messages++;
  }

  handedOut(days: number): HandedOut {
    return {
      side: this.side,
      online: this.#online.kept,
      published: this.#published.kept,
      inForce: this.#inForce.kept,
      messages: this.#messages / days,
    };
  }
}

class Tally {
  readonly #rate: number;
  readonly #sign: 1 | -1;
  #judged = 0;
  #beyond = 0;
  #reached = 0;
  #loss = 0;
  #learned = 0;

  constructor(rate: number, side: Side) {
    this.#rate = rate;
    this.#sign = side === "upper" ? 1 : -1;
  }

  take(threshold: number | undefined, value: number, isAnomalous: boolean): void {
    if (threshold === undefined) return;
    const excess = this.#sign * (value - threshold);
    this.#judged++;
    if (excess > 0) this.#beyond++;
    if (excess >= 0) this.#reached++;
    if (isAnomalous) return;
    this.#learned++;
    this.#loss += excess > 0 ? (1 - this.#rate) * excess : -this.#rate * excess;
  }

  get kept(): Kept {
    const judged = this.#judged;
    return {
      judged,
      beyond: this.#beyond / judged,
      reached: this.#reached / judged,
      pinball: this.#loss / this.#learned,
    };
  }
}
