import { requireSnapshot } from "../../errors.ts";
import { requireShapes, shapeOf, USUAL_SURPRISE } from "./incident-shape.ts";
import {
  allShapes,
  countOf,
  NO_SHAPES,
  type PackedShapes,
  type SeenShape,
  shapeAt,
  signedSurpriseAt,
  timeAt,
  withShape,
} from "./packed-shapes.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Number of near misses that are remembered. */
const MOST = 8;
/**
 * A near miss loses this much rank per day, in surprise. Therefore, by the law of surprise, the eight places hold samples as rare as
 * one hour in ten from today, one hour in a hundred from a week ago, and one in a thousand from a fortnight ago.
 */
const RANK_A_DAY = 0.15;
/** Only the most surprising sample within an hour, or within two usual intervals if longer, is a near miss. */
const NEIGHBOURHOOD_MS = HOUR_MS;
/** A missed anomaly is searched from 1 h (at least two intervals) before the reported time to 3 h (at least six intervals) after. */
const BEFORE_MS = HOUR_MS;
const AFTER_MS = 3 * HOUR_MS;
const INTERVALS = 2;
const INTERVALS_AFTER = 6;

/** A sample that opened no incident. */
export interface UntoldSample {
  readonly timeMs: number;
  /** 1 above the expected value, −1 below. */
  readonly side: number;
  readonly surprise: number;
  /** By `EVIDENCE_FAMILIES`. */
  readonly surprises: readonly number[];
  readonly intervalMs: number;
}

/**
 * Remembers the most surprising recent samples that opened no incident, so that a report of a missed anomaly finds its sample by time.
 * The list has one sample per hour and eight in all; an older sample makes room for a newer one of at least nearly the same surprise.
 *
 * Cost: about 10 ns for a sample of surprise 1 or more; a list of at most 256 bytes, which is copied when a sample is remembered.
 */
export class NearMisses {
  #seen: PackedShapes = NO_SHAPES;

  /** @param sample In order of time, with a surprise of at least 1. */
  update(sample: UntoldSample): void {
    const { timeMs, surprise, side, surprises, intervalMs } = sample;
    const count = countOf(this.#seen);
    const reach = Math.max(NEIGHBOURHOOD_MS, INTERVALS * intervalMs);
    let left = -1;
    if (count > 0 && timeMs - timeAt(this.#seen, count - 1) < reach) {
      left = count - 1;
      if (surprise <= Math.abs(signedSurpriseAt(this.#seen, left))) return;
    } else if (count === MOST) {
      left = this.#leastAt(timeMs);
      if (surprise <= this.#rankOf(left, timeMs)) return;
    }
    const openedAt = timeMs;
    this.#seen = withShape(this.#seen, { openedAt, ...shapeOf(side, surprise, surprises) }, left);
  }

  /** The most surprising near miss around the reported event time (ms) of a missed anomaly; undefined if there is none. */
  near(reportedAt: number, intervalMs: number): SeenShape | undefined {
    const from = reportedAt - Math.max(BEFORE_MS, INTERVALS * intervalMs);
    const to = reportedAt + Math.max(AFTER_MS, INTERVALS_AFTER * intervalMs);
    let best: number | undefined;
    let largest = USUAL_SURPRISE;
    for (let place = 0; place < countOf(this.#seen); place++) {
      const at = timeAt(this.#seen, place);
      const surprise = Math.abs(signedSurpriseAt(this.#seen, place));
      if (at < from || at > to || surprise <= largest) continue;
      largest = surprise;
      best = place;
    }
    return best === undefined ? undefined : shapeAt(this.#seen, best);
  }

  snapshot(): SeenShape[] {
    return allShapes(this.#seen);
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(seen: readonly SeenShape[]): NearMisses {
    requireSnapshot(seen.length <= MOST, "too many near misses");
    requireShapes(seen);
    const restored = new NearMisses();
    for (const one of seen) restored.#seen = withShape(restored.#seen, one);
    return restored;
  }

  #rankOf(place: number, now: number): number {
    const days = (now - timeAt(this.#seen, place)) / DAY_MS;
    return Math.abs(signedSurpriseAt(this.#seen, place)) - RANK_A_DAY * days;
  }

  #leastAt(now: number): number {
    let least = 0;
    for (let place = 1; place < MOST; place++)
      if (this.#rankOf(place, now) < this.#rankOf(least, now)) least = place;
    return least;
  }
}
