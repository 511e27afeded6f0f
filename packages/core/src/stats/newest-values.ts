import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

/** State of `NewestValues`: oldest first. */
export type NewestValuesSnapshot = Float64Array;

const MOST = 32;
const few = doubles(MOST, 0);

/**
 * The newest values of a view, to read medians and means off.
 *
 * Memory: 8 bytes a slot, 16 once a median of all was asked for. Cost: O(k) an added value from then on, O(1) the median of
 * all, O(m²/4) that of the newest m.
 */
export class NewestValues {
  readonly #ring: number[];
  /** The same values in ascending order; made with the first median of all. */
  #sorted: number[] | undefined;
  #count = 0;
  /** Where the next value goes. */
  #next = 0;

  /** @param slots 1 … 32. */
  constructor(slots: number) {
    this.#ring = doubles(slots, 0);
  }

  add(value: number): void {
    // A zero without a sign: equal values are interchangeable.
    const x = value + 0;
    const slots = this.#ring.length;
    if (this.#sorted !== undefined) follow(this.#sorted, this.#count, this.#ring[this.#next]!, x);
    if (this.#count < slots) this.#count++;
    this.#ring[this.#next] = x;
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

  /** Median of all values held; at least one must have come. */
  median(): number {
    if (this.#sorted === undefined) {
      this.#sorted = doubles(this.#ring.length, 0);
      for (let i = 0; i < this.#count; i++) follow(this.#sorted, i, 0, this.#ring[i]!);
    }
    return middleOf(this.#sorted, this.#count);
  }

  /** Median of the newest `most`, or of those there are; at least one must have come. */
  medianOfNewest(most: number): number {
    if (this.#count <= most) return this.median();
    const ring = this.#ring;
    let at = this.#next;
    for (let i = 0; i < most; i++) {
      at = at === 0 ? ring.length - 1 : at - 1;
      const value = ring[at]!;
      let j = i - 1;
      while (j >= 0 && few[j]! > value) {
        few[j + 1] = few[j]!;
        j--;
      }
      few[j + 1] = value;
    }
    return middleOf(few, most);
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

/** Puts a value among `count` sorted ones: in the place of the oldest where the list is full. */
function follow(sorted: number[], count: number, oldest: number, x: number): void {
  let at = count;
  if (count === sorted.length) {
    at = 0;
    while (sorted[at]! < oldest) at++;
    for (; at + 1 < count && sorted[at + 1]! < x; at++) sorted[at] = sorted[at + 1]!;
  }
  for (; at > 0 && sorted[at - 1]! > x; at--) sorted[at] = sorted[at - 1]!;
  sorted[at] = x;
}

function middleOf(sorted: readonly number[], count: number): number {
  const middle = count >>> 1;
  return count % 2 === 1 ? sorted[middle]! : sorted[middle - 1]! / 2 + sorted[middle]! / 2;
}
