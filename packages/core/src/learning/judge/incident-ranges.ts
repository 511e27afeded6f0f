import { copiedDoubles } from "../../statistics/index.ts";

/** Number of incidents that are remembered. */
const MAX_RANGES = 16;
/** Up to this share of all samples, samples of incidents are left out of learning; a larger share is the new normal. */
const MOST_SHARE = 0.25;

/** Stretches of event time, ms, both ends included; the last one may be open (Infinity). */
export type Ranges = readonly (readonly [from: number, to: number])[];

/**
 * Event times of a series' last 16 incidents, so that no threshold is learned from the samples of an incident.
 *
 * Samples of incidents are left out while they are at most a quarter of the samples to learn from; where they are more,
 * every sample counts. The window itself keeps every sample.
 */
export class IncidentRanges {
  /** Both ends of each incident, the oldest incident first. */
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
   * @returns The number of samples to learn from. Cost: O(samples) where an incident overlaps the samples, O(16) otherwise.
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
