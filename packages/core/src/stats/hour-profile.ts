import { requireSnapshot } from "./errors.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** Least weight of the latest day. */
const MIN_RATE = 0.25;

/** State of an `HourProfile`. */
export interface HourProfileSnapshot {
  /** Days that each hour has been seen on, 24 numbers. */
  days: Float64Array;
  /** Mean of each hour, 24 numbers. */
  means: Float64Array;
  /** Hours since 1970 of the hour being gathered, −1 before the first. */
  hour: number;
  sum: number;
  count: number;
}

/**
 * Mean of each hour of the day (UTC) over earlier days, later days weighing more.
 *
 * The hour being gathered enters its mean only when it is over; so a value is compared with earlier days, whatever
 * the sampling rate. Cost: O(1), 500 bytes.
 */
export class HourProfile {
  readonly #days = new Float64Array(HOURS);
  readonly #means = new Float64Array(HOURS);
  #hour = -1;
  #sum = 0;
  #count = 0;

  /** Earlier days that had a value at this hour. */
  daysBefore(timeMs: number): number {
    return this.#days[bucketOf(Math.floor(timeMs / HOUR_MS))]!;
  }

  /** Mean that earlier days had at this hour, 0 on the first day. */
  expected(timeMs: number): number {
    return this.#means[bucketOf(Math.floor(timeMs / HOUR_MS))]!;
  }

  /** Takes a value in. */
  update(timeMs: number, x: number): void {
    const hour = Math.floor(timeMs / HOUR_MS);
    if (hour !== this.#hour) {
      this.#fold();
      this.#hour = hour;
      this.#sum = 0;
      this.#count = 0;
    }
    this.#sum += x;
    this.#count++;
  }

  snapshot(): HourProfileSnapshot {
    return {
      days: this.#days.slice(),
      means: this.#means.slice(),
      hour: this.#hour,
      sum: this.#sum,
      count: this.#count,
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ days, means, hour, sum, count }: HourProfileSnapshot): HourProfile {
    requireSnapshot(days.length === HOURS && means.length === HOURS, "a profile has 24 hours");
    requireSnapshot(
      days.every(Number.isFinite) &&
        means.every(Number.isFinite) &&
        Number.isFinite(hour + sum + count),
      "a number is not finite",
    );
    const restored = new HourProfile();
    restored.#days.set(days);
    restored.#means.set(means);
    restored.#hour = hour;
    restored.#sum = sum;
    restored.#count = count;
    return restored;
  }

  #fold(): void {
    if (this.#count === 0) return;
    const bucket = bucketOf(this.#hour);
    const mean = this.#sum / this.#count;
    if (!Number.isFinite(mean)) return;
    const days = this.#days[bucket]! + 1;
    this.#days[bucket] = days;
    const rate = Math.max(MIN_RATE, 1 / days);
    this.#means[bucket] = this.#means[bucket]! * (1 - rate) + mean * rate;
  }
}

function bucketOf(hour: number): number {
  const bucket = hour % HOURS;
  return bucket < 0 ? bucket + HOURS : bucket;
}
