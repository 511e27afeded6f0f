import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

const LONG = 24;
/** Values are divided before they are added, so that large ones do not overflow. */
const SHARE = 1 / LONG;
const MIDDLE = 12;
const SHORT = 6;
const FEW = 5;

/** State of `RecentValues`: the last values, oldest first, at most 24. */
export interface RecentValuesSnapshot {
  count: number;
  values: Float64Array;
}

/** What the last values say. While fewer came, each reading covers those there are. */
export interface RecentReadings {
  /** Mean of the last 6. */
  shortMean: number;
  /** Mean of the last 24. */
  longMean: number;
  /** Least of the last 12. */
  lowest: number;
  /** Largest of the last 12. */
  highest: number;
  /** Largest less least of the last 24, ≥ 0. */
  extent: number;
  /** Median of the last 5 (upper median of an even number). */
  median: number;
}

/** Doubles from the beginning, so that writing one allocates nothing. */
const readings: RecentReadings = {
  shortMean: 0.5,
  longMean: 0.5,
  lowest: 0.5,
  highest: 0.5,
  extent: 0.5,
  median: 0.5,
};
const five = doubles(FEW, 0);

/**
 * The last 24 values of a series and what is read off them: recomputed at each value, so nothing drifts.
 *
 * Cost: O(24) a value, 280 bytes.
 */
export class RecentValues {
  #count = 0;
  /** The value that came as number i, from 0, lies at i modulo 24. */
  readonly #ring = doubles(LONG, 0);

  /** Takes a value in. @returns What the last values now say: one object for all series, good until the next call. */
  update(x: number): Readonly<RecentReadings> {
    const ring = this.#ring;
    const newest = this.#count % LONG;
    ring[newest] = x;
    this.#count++;
    const held = Math.min(this.#count, LONG);
    let sum = 0;
    let low = x;
    let high = x;
    let at = newest;
    for (let age = 0; age < held; age++) {
      const value = ring[at]!;
      sum += value * SHARE;
      if (value < low) low = value;
      else if (value > high) high = value;
      if (age === SHORT - 1) readings.shortMean = sum * (LONG / SHORT);
      else if (age === MIDDLE - 1) {
        readings.lowest = low;
        readings.highest = high;
      }
      at = at === 0 ? LONG - 1 : at - 1;
    }
    if (held < SHORT) readings.shortMean = sum * (LONG / held);
    if (held < MIDDLE) {
      readings.lowest = low;
      readings.highest = high;
    }
    readings.longMean = sum * (LONG / held);
    readings.extent = Math.min(Number.MAX_VALUE, high - low);
    readings.median = medianOfFive(ring, newest, Math.min(held, FEW));
    return readings;
  }

  snapshot(): RecentValuesSnapshot {
    const held = Math.min(this.#count, LONG);
    const values = new Float64Array(held);
    for (let i = 0; i < held; i++) values[i] = this.#ring[(this.#count - held + i) % LONG]!;
    return { count: this.#count, values };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ count, values }: RecentValuesSnapshot): RecentValues {
    requireSnapshot(
      Number.isSafeInteger(count) && values.length === Math.min(count, LONG),
      "wrong number of values",
    );
    requireSnapshot(values.every(Number.isFinite), "a value is not finite");
    const restored = new RecentValues();
    restored.#count = count;
    values.forEach((value, i) => {
      restored.#ring[(count - values.length + i) % LONG] = value;
    });
    return restored;
  }
}

function medianOfFive(ring: readonly number[], newest: number, held: number): number {
  let at = newest;
  for (let i = 0; i < held; i++) {
    const value = ring[at]!;
    let j = i - 1;
    while (j >= 0 && five[j]! > value) {
      five[j + 1] = five[j]!;
      j--;
    }
    five[j + 1] = value;
    at = at === 0 ? LONG - 1 : at - 1;
  }
  return five[held >>> 1]!;
}
