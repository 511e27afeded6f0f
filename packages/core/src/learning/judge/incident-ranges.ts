import { copiedDoubles } from "../../statistics/index.ts";

/** Incidents that are remembered. */
const MAX_RANGES = 16;
/** Share of the samples up to which those of incidents are left out; beyond it they are the new normal. */
const MOST_SHARE = 0.25;

/** Stretches of event time, ms, both ends included; the last one may be open (Infinity). */
export type Ranges = readonly (readonly [from: number, to: number])[];

/**
 * Event times of a series' last 16 incidents, so that thresholds are not learned from them.
 *
 * Samples of incidents are left out of what is learned from as long as they are at most a quarter of it; where they are
 * more, all count. The window itself keeps every sample.
 */
export class IncidentRanges {
  /** Oldest first, both ends of each. */
  #ends: number[] = NONE;

  opened(at: number): void {
    const before = this.#ends.slice(Math.max(0, this.#ends.length - 2 * (MAX_RANGES - 1)));
    this.#ends = copiedDoubles([...before, at, Number.POSITIVE_INFINITY]);
  }

  closed(at: number): void {
    if (this.#ends.length > 0) this.#ends[this.#ends.length - 1] = at;
  }

  /**
   * Moves the samples to learn from to the front of both columns, in their order.
   *
   * @returns How many there are. Cost: O(samples) where an incident lies in their time, O(16) otherwise.
   */
  leaveOut(times: Float64Array, values: Float64Array): number {
    const count = times.length;
    const touching = this.snapshot().filter(
      ([from, to]) => to >= times[0]! && from <= times[count - 1]!,
    );
    if (touching.length === 0) return count;
    const isInIncident = (time: number) =>
      touching.some(([from, to]) => time >= from && time <= to);
    let left = 0;
    for (const time of times) if (isInIncident(time)) left++;
    if (left > MOST_SHARE * count) return count;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (isInIncident(times[i]!)) continue;
      times[kept] = times[i]!;
      values[kept++] = values[i]!;
    }
    return kept;
  }

  snapshot(): Ranges {
    return Array.from({ length: this.#ends.length / 2 }, (_, i) => [
      this.#ends[2 * i]!,
      this.#ends[2 * i + 1]!,
    ]);
  }

  static restore(ranges: Ranges): IncidentRanges {
    const restored = new IncidentRanges();
    restored.#ends = copiedDoubles(ranges.flat());
    return restored;
  }
}

const NONE: number[] = [];
