import { requireSnapshot } from "./errors.ts";

const LONG = 24;
/** Values are divided before they are added, so that large ones do not overflow. */
const SHARE = 1 / LONG;
const MIDDLE = 12;
const SHORT = 6;

/** State of `RecentValues`: the last values, oldest first, at most 24. */
export interface RecentValuesSnapshot {
  count: number;
  values: Float64Array;
}

/**
 * The last 24 values of a series and what is read off them: recomputed at each value, so nothing drifts.
 *
 * Cost: O(24) a value, 300 bytes. While fewer values came, each reading covers those there are.
 */
export class RecentValues {
  /** Mean of the last 6. */
  shortMean = 0;
  /** Mean of the last 24. */
  longMean = 0;
  /** Least of the last 12. */
  lowest = 0;
  /** Largest of the last 12. */
  highest = 0;
  /** Largest less least of the last 24, ≥ 0. */
  extent = 0;
  /** Median of the last 5 (upper median of an even number). */
  median = 0;
  #count = 0;
  #next = 0;
  readonly #ring = new Float64Array(LONG);
  readonly #five = new Float64Array(5);

  update(x: number): void {
    const ring = this.#ring;
    ring[this.#next] = x;
    this.#count++;
    const held = Math.min(this.#count, LONG);
    let sum = 0;
    let low = x;
    let high = x;
    let at = this.#next;
    for (let age = 0; age < held; age++) {
      const value = ring[at]!;
      sum += value * SHARE;
      if (value < low) low = value;
      else if (value > high) high = value;
      if (age === SHORT - 1) this.shortMean = sum * (LONG / SHORT);
      else if (age === MIDDLE - 1) {
        this.lowest = low;
        this.highest = high;
      }
      at = at === 0 ? LONG - 1 : at - 1;
    }
    if (held < SHORT) this.shortMean = sum * (LONG / held);
    if (held < MIDDLE) {
      this.lowest = low;
      this.highest = high;
    }
    this.longMean = sum * (LONG / held);
    this.extent = Math.min(Number.MAX_VALUE, high - low);
    this.median = this.#medianOfFive(Math.min(held, 5));
    this.#next = this.#next + 1 === LONG ? 0 : this.#next + 1;
  }

  snapshot(): RecentValuesSnapshot {
    const held = Math.min(this.#count, LONG);
    const values = new Float64Array(held);
    for (let i = 0; i < held; i++) values[i] = this.#ring[(this.#next - held + i + LONG) % LONG]!;
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
    for (const value of values) restored.update(value);
    restored.#count = count;
    return restored;
  }

  #medianOfFive(held: number): number {
    const five = this.#five;
    let at = this.#next;
    for (let i = 0; i < held; i++) {
      const value = this.#ring[at]!;
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
}
