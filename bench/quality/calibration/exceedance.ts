import { AdaptiveQuantile, recommend, type Side } from "@mapek/core/stats";
import type { TimedSeries } from "../../../test/support/synthetic-series.ts";

const HOUR_MS = 3_600_000;
/** Window of the fixed strategies: the learner's default. */
const WINDOW_MS = 86_400_000;

export const METHODS = ["online", "published", "percentile", "sigma", "iqr"] as const;
type Method = (typeof METHODS)[number];

/** How a way to find a threshold did on one series. */
export interface Kept {
  /** Share of the judged samples beyond the threshold, and beyond it or on it. */
  readonly beyond: number;
  readonly reached: number;
  /** Mean pinball loss, unit of the values. */
  readonly pinball: number;
  /** Changes of the threshold a thousand samples. */
  readonly changes: number;
  /** What the threshold moved, over what the series moved. */
  readonly movement: number;
}

/** Follows a series with each method: online changes with each sample, the others once an hour from the last day's samples. */
export function exceedance(
  { times, values }: TimedSeries,
  exceedanceRate: number,
  side: Side,
): Record<Method, Kept> {
  const online = new AdaptiveQuantile({ exceedanceRate, side });
  const tallies = METHODS.map(() => new Tally(exceedanceRate, side));
  let held: (number | undefined)[] = METHODS.map(() => undefined);
  let heldUntil = Number.NEGATIVE_INFINITY;
  let from = 0;
  for (const [i, time] of times.entries()) {
    const value = values[i]!;
    held[0] = online.value(time);
    for (const [m, tally] of tallies.entries()) tally.take(held[m], value);
    online.update(time, value);
    if (time < heldUntil) continue;
    while (times[from]! < time - WINDOW_MS) from++;
    const found = recommend(values.subarray(from, i + 1), times.subarray(from, i + 1), {
      exceedanceRate,
      side,
    });
    if (found === null) continue;
    const { percentile, sigma, iqr } = found.candidates;
    held = [undefined, online.published, percentile, sigma, iqr];
    heldUntil = time + HOUR_MS;
  }
  return Object.fromEntries(METHODS.map((method, m) => [method, tallies[m]!.kept])) as Record<
    Method,
    Kept
  >;
}

class Tally {
  readonly #rate: number;
  readonly #sign: 1 | -1;
  #judged = 0;
  #beyond = 0;
  #reached = 0;
  #loss = 0;
  #changes = 0;
  #moved = 0;
  #seriesMoved = 0;
  #last: { threshold: number; value: number } | undefined;

  constructor(rate: number, side: Side) {
    this.#rate = rate;
    this.#sign = side === "upper" ? 1 : -1;
  }

  take(threshold: number | undefined, value: number): void {
    if (threshold === undefined) return;
    const excess = this.#sign * (value - threshold);
    this.#judged++;
    if (excess > 0) this.#beyond++;
    if (excess >= 0) this.#reached++;
    this.#loss += excess > 0 ? (1 - this.#rate) * excess : -this.#rate * excess;
    if (this.#last !== undefined) {
      if (this.#last.threshold !== threshold) this.#changes++;
      this.#moved += Math.abs(threshold - this.#last.threshold);
      this.#seriesMoved += Math.abs(value - this.#last.value);
    }
    this.#last = { threshold, value };
  }

  get kept(): Kept {
    return {
      beyond: this.#beyond / this.#judged,
      reached: this.#reached / this.#judged,
      pinball: this.#loss / this.#judged,
      changes: (1_000 * this.#changes) / this.#judged,
      movement: this.#seriesMoved === 0 ? 0 : this.#moved / this.#seriesMoved,
    };
  }
}
