import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

/** State of `NewestValues`: oldest first. */
export type NewestValuesSnapshot = Float64Array;

const MOST = 32;
const sorted = doubles(MOST, 0);

/**
 * The newest values of a view, to read medians and means off.
 *
 * Memory: 8 bytes a slot. Cost of a reading of m values: O(m), a median O(m²/4).
 */
export class NewestValues {
  readonly #ring: number[];
  #count = 0;
  /** Where the next value goes. */
  #next = 0;

  /** @param slots 1 … 32. */
  constructor(slots: number) {
    this.#ring = doubles(slots, 0);
  }

  add(value: number): void {
    // A zero without a sign: equal values are interchangeable.
    this.#ring[this.#next] = value + 0;
    const slots = this.#ring.length;
    if (this.#count < slots) this.#count++;
    this.#next = this.#next + 1 === slots ? 0 : this.#next + 1;
  }

  /** Mean of all values held; at least one must have come. */
  mean(): number {
    const share = 1 / this.#count;
    let sum = 0;
    let at = this.#next;
    for (let i = 0; i < this.#count; i++) {
      at = at === 0 ? this.#ring.length - 1 : at - 1;
      sum += this.#ring[at]! * share;
    }
    return sum;
  }

  /** Median of the newest `most`, or of those there are; at least one must have come. */
  median(most: number): number {
    const count = Math.min(most, this.#count);
    const ring = this.#ring;
    let at = this.#next;
    for (let i = 0; i < count; i++) {
      at = at === 0 ? ring.length - 1 : at - 1;
      const value = ring[at]!;
      let j = i - 1;
      while (j >= 0 && sorted[j]! > value) {
        sorted[j + 1] = sorted[j]!;
        j--;
      }
      sorted[j + 1] = value;
    }
    const middle = count >>> 1;
    return count % 2 === 1 ? sorted[middle]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
  }

  /**
   * Whether that median surely lies within `low` and `high`, themselves included: told without sorting. Of an even number of
   * values both in the middle must.
   */
  hasMedianWithin(most: number, low: number, high: number): boolean {
    const count = Math.min(most, this.#count);
    const ring = this.#ring;
    // Of all values the order does not matter.
    let at = count === this.#count ? count : this.#next;
    let reachLow = 0;
    let reachHigh = 0;
    for (let i = 0; i < count; i++) {
      at = at === 0 ? ring.length - 1 : at - 1;
      const value = ring[at]!;
      reachLow += value >= low ? 1 : 0;
      reachHigh += value <= high ? 1 : 0;
    }
    const half = count >>> 1;
    return reachLow > half && reachHigh > half;
  }

  snapshot(): NewestValuesSnapshot {
    const values = new Float64Array(this.#count);
    const slots = this.#ring.length;
    const from = this.#next - this.#count + slots;
    for (let i = 0; i < this.#count; i++) values[i] = this.#ring[(from + i) % slots]!;
    return values;
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(slots: number, values: NewestValuesSnapshot): NewestValues {
    requireSnapshot(values.length <= slots, "too many newest values");
    requireSnapshot(values.every(Number.isFinite), "a newest value is not finite");
    const restored = new NewestValues(slots);
    for (const value of values) restored.add(value);
    return restored;
  }
}
