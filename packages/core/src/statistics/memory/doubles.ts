/** Longest list that {@link doubles} makes. */
const MOST_DOUBLES = 512;

/** V8 keeps a list of numbers with a fraction unboxed, and every slice of such a list too. */
const PATTERN = Array.from({ length: MOST_DOUBLES }, () => 0.5);

/**
 * A list of `count` numbers, all `fill`, for state that every series has: the list costs 48 bytes beside its numbers, a small
 * typed array about 700 (an object, a buffer and memory outside of the heap).
 *
 * @param count 0 … 512. Only numbers may be stored in the list later, and the list must not grow.
 */
export const doubles = (count: number, fill: number): number[] =>
  PATTERN.slice(0, count).fill(fill);

/** The numbers of `source`, at most 512, in a list made by `doubles`. */
export function copiedDoubles(source: readonly number[]): number[] {
  const numbers = doubles(source.length, 0);
  for (let i = 0; i < source.length; i++) numbers[i] = source[i]!;
  return numbers;
}

/** Numbers by place: a list up to `SHORT_COLUMN` numbers, memory outside of the heap for more. */
export type Column = number[] | Float64Array;

/** Longest column that is a list. */
export const SHORT_COLUMN = 256;

/** A column whose numbers are undefined until the caller writes them. */
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

/** Memory for the length of one call; the memory grows to the largest `length` so far. */
export class Scratch {
  #memory = new Float64Array(0);

  /** `length` numbers of any value, good until the next call. Cost: O(1), amortised. */
  take(length: number): Float64Array {
    if (this.#memory.length < length) this.#memory = new Float64Array(length);
    return this.#memory.subarray(0, length);
  }
}
