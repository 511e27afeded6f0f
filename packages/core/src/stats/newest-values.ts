import { doubles } from "./doubles.ts";

const MOST = 32;
const sorted = doubles(MOST, 0);
const whole = new Float64Array(1);
/** Its halves. A finite number of single precision never makes the whole a NaN, whose bits would not be kept. */
const singles = new Float32Array(whole.buffer);
const LARGEST = 3.4e38;

/**
 * The newest values of a view, in single precision, to read medians and means off. They lie in a list of numbers that the
 * caller has beside other state: how many came, and two slots in a number.
 *
 * Cost of a reading of m values: O(m), a median O(m²/4).
 */
export class NewestValues {
  readonly slots: number;
  /** Place of the number that came; from twice the slots on it begins with the slots again. */
  readonly #came: number;
  readonly #ring: number;

  /** @param slots 1 … 32. @param from Place of the first of `length` numbers, all 0 before the first value. */
  constructor(slots: number, from: number) {
    this.slots = slots;
    this.#came = from;
    this.#ring = from + 1;
  }

  /** Numbers of the list that are taken. */
  get length(): number {
    return 1 + Math.ceil(this.slots / 2);
  }

  /** @param value Finite; beyond ±3.4e38 it counts as that. */
  add(list: number[], value: number): void {
    const next = this.#next(list);
    const place = this.#ring + (next >> 1);
    whole[0] = list[place]!;
    // A zero without a sign: equal values are interchangeable.
    singles[next & 1] = Math.min(LARGEST, Math.max(-LARGEST, value)) + 0;
    list[place] = whole[0];
    const came = list[this.#came]! + 1;
    list[this.#came] = came === 2 * this.slots ? this.slots : came;
  }

  /** Mean of all values held; at least one must have come. */
  mean(list: readonly number[]): number {
    const count = this.#held(list);
    const share = 1 / count;
    let sum = 0;
    for (let at = 0; at < count; at++) sum += this.#read(list, at) * share;
    return sum;
  }

  /** Median of the newest `most`, or of those there are; at least one must have come. */
  median(list: readonly number[], most: number): number {
    const count = Math.min(most, this.#held(list));
    let at = this.#next(list);
    for (let i = 0; i < count; i++) {
      at = at === 0 ? this.slots - 1 : at - 1;
      const value = this.#read(list, at);
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
   * How many more values may come before that median can leave `low` … `high`, themselves included: told without sorting.
   * Each value that comes, for the one that goes, moves at most one to the other side of an end.
   *
   * @returns From 0 where it lies within; −1 where it may not. Of an even number of values both in the middle must lie within.
   */
  slackOfMedian(list: readonly number[], most: number, low: number, high: number): number {
    const held = this.#held(list);
    const count = Math.min(most, held);
    // Of all values the order does not matter.
    let at = count === held ? count : this.#next(list);
    let reachLow = 0;
    let reachHigh = 0;
    for (let i = 0; i < count; i++) {
      at = at === 0 ? this.slots - 1 : at - 1;
      const value = this.#read(list, at);
      reachLow += value >= low ? 1 : 0;
      reachHigh += value <= high ? 1 : 0;
    }
    const slack = Math.max(-1, Math.min(reachLow, reachHigh) - (count >>> 1) - 1);
    // While their number grows, so does what must lie within.
    return count < most ? Math.min(0, slack) : slack;
  }

  /** Whether the list holds what `add` may have made. */
  isSound(list: ArrayLike<number>): boolean {
    const came = list[this.#came]!;
    return Number.isInteger(came) && came >= 0 && came < 2 * this.slots;
  }

  #held(list: readonly number[]): number {
    return Math.min(list[this.#came]!, this.slots);
  }

  /** Slot of the next value. */
  #next(list: readonly number[]): number {
    const came = list[this.#came]!;
    return came < this.slots ? came : came - this.slots;
  }

  #read(list: readonly number[], at: number): number {
    whole[0] = list[this.#ring + (at >> 1)]!;
    return singles[at & 1]!;
  }
}
