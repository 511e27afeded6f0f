import { doubles } from "./doubles.ts";

const whole = new Float64Array(1);
const words = new Uint16Array(whole.buffer);
/** Largest code: with codes up to this one, each of the four words leaves the double finite. */
const LARGEST_CODE = 0x7fef;
/** Codes an octave, and octaves below 1 that have codes: all octaves of doubles. */
const AN_OCTAVE = 15;
const OCTAVES_BELOW = 1_075;

/**
 * A list of `count` sizes, all 0, in a quarter of the memory of doubles, for sizes that are only compared by ratio. A size is
 * exact to 2.4 %, from 0 to the largest double. Four sizes make a finite double, whose bits V8 keeps.
 *
 * @param count 0 … 2,048.
 */
export const quarterDoubles = (count: number): number[] => doubles(Math.ceil(count / 4), 0);

/** The size at a place of a list made by `quarterDoubles`. */
export function readQuarter(list: readonly number[], at: number): number {
  whole[0] = list[at >> 2]!;
  const code = words[at & 3]!;
  if (code === 0) return 0;
  return Math.min(Number.MAX_VALUE, 2 ** ((code - 1) / AN_OCTAVE - OCTAVES_BELOW));
}

/** Stores a size, 0 or more and finite. */
export function writeQuarter(list: number[], at: number, size: number): void {
  whole[0] = list[at >> 2]!;
  const code = 1 + Math.round((Math.log2(size) + OCTAVES_BELOW) * AN_OCTAVE);
  words[at & 3] = size > 0 ? Math.min(LARGEST_CODE, Math.max(1, code)) : 0;
  list[at >> 2] = whole[0];
}
