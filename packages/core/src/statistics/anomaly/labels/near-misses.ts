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
/** Near misses that are remembered. */
const MOST = 8;
/**
 * What a near miss loses in rank each day, in surprise. By the law of surprise eight are then what one hour in ten has of today, one
 * hour in a hundred of a week ago and one in a thousand of a fortnight ago.
 */
const RANK_A_DAY = 0.15;
/** A near miss is the largest of its hour, or of two usual intervals. */
const NEIGHBOURHOOD_MS = HOUR_MS;
/** Where what was missed is looked for: from an hour (two intervals) before the time that was reported to three hours (six) after it. */
const BEFORE_MS = HOUR_MS;
const AFTER_MS = 3 * HOUR_MS;
const INTERVALS = 2;
const INTERVALS_AFTER = 6;

/** What is known of a sample that was not told. */
export interface UntoldSample {
  readonly timeMs: number;
  /** 1 above what was expected, −1 below. */
  readonly side: number;
  readonly surprise: number;
  /** By `EVIDENCE_FAMILIES`. */
  readonly surprises: readonly number[];
  readonly intervalMs: number;
}

/**
 * The most unusual samples of late of which nothing was told, so that an anomaly that somebody missed can be found by its time: the
 * largest of each hour, eight of them, older ones giving way to newer ones that are at least nearly as unusual.
 *
 * Cost: about 10 ns a sample of surprise 1 or more, a list of 256 bytes at most, made anew when an hour's is remembered.
 */
export class NearMisses {
  #seen: PackedShapes = NO_SHAPES;

  /** @param sample In order of time; a surprise below 1 is usual, and not to be given. */
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

  /** The most unusual one near the event time (ms) at which somebody says that an anomaly began; undefined where all was usual. */
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
