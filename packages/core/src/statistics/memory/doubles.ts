/** Longest list that {@link doubles} makes. */
const MOST_DOUBLES = 512;

/** Numbers with a fraction: V8 then keeps a list of them unboxed, and so every part that is cut out of it. */
const PATTERN = Array.from({ length: MOST_DOUBLES }, () => 0.5);

/**
 * A list of `count` numbers, all `fill`, for state that every series has.
 *
 * A small typed array costs about 700 bytes beside its numbers (an object, a buffer and memory outside of the heap);
 * this list costs 48.
 *
 * @param count 0 … 512. Whatever is stored in it later must be a number, and the list must not grow.
 */
export const doubles = (count: number, fill: number): number[] =>
  PATTERN.slice(0, count).fill(fill);

/** A list as of `doubles` with these numbers, at most 512. */
export function copiedDoubles(source: readonly number[]): number[] {
  const numbers = doubles(source.length, 0);
  for (let i = 0; i < source.length; i++) numbers[i] = source[i]!;
  return numbers;
}

/** Numbers by place: a list while they are few, memory outside of the heap when they are many. */
export type Column = number[] | Float64Array;

/** Longest column that is a list. */
export const SHORT_COLUMN = 256;

/** A column of any numbers, to be written before they are read. */
export const columnOf = (slots: number): Column =>
  slots <= SHORT_COLUMN ? PATTERN.slice(0, slots) : new Float64Array(slots);

/** Copies `count` numbers of a column from place `from` on to `target`, from `at` on. Cost: O(count). */
export function copyColumn(
  column: Column,
  from: number,
  count: number,
  target: Column,
  at: number,
): void {
  if (column instanceof Float64Array && target instanceof Float64Array)
    target.set(column.subarray(from, from + count), at);
  else for (let i = 0; i < count; i++) target[at + i] = column[from + i]!;
}

/** Memory that is lent for the length of one call and grows to the longest that was asked for. */
export class Scratch {
  #memory = new Float64Array(0);

  /** `length` numbers of any value, good until the next call. Cost: O(1), amortised. */
  take(length: number): Float64Array {
    if (this.#memory.length < length) this.#memory = new Float64Array(length);
    return this.#memory.subarray(0, length);
  }
}
