/** Longest list that {@link doubles} makes. */
export const MOST_DOUBLES = 512;

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
