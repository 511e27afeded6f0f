/** A value over time: pairs of a time in ms since 1970 and the value then, ascending in time, straight lines between them. */
export type Curve = readonly (readonly [timeMs: number, value: number])[];

/** What of a threshold message says which value holds when. */
export interface Scheduled {
  /** Value at the time of the message. */
  readonly threshold: number;
  /** Expected values of the hours around and after it; not there where the threshold is constant. */
  readonly schedule?: Curve | undefined;
}

/**
 * The threshold that holds at a time: who compares a sample with `threshold` alone is hours late on a series that
 * follows the day. Before its schedule the first value holds, after it the last. Cost: O(pairs of the schedule).
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { thresholdAt } from "@mapek/core/curve";
 *
 * const threshold = { threshold: 10, schedule: [[0, 10], [60_000, 20]] } as const;
 * assert.equal(thresholdAt(threshold, 30_000), 15);
 * assert.equal(thresholdAt(threshold, 90_000), 20);
 * ```
 */
export function thresholdAt({ threshold, schedule }: Scheduled, timeMs: number): number {
  const first = schedule?.[0];
  if (schedule === undefined || first === undefined) return threshold;
  let [time0, value0] = first;
  if (timeMs <= time0) return value0;
  for (const [time, value] of schedule) {
    if (timeMs <= time) return between(value0, value, (timeMs - time0) / (time - time0));
    time0 = time;
    value0 = value;
  }
  return value0;
}

/** The value at a share of the way, 0 … 1, without overflow where both are finite. */
export const between = (from: number, to: number, share: number): number =>
  from === to ? from : from * (1 - share) + to * share;
