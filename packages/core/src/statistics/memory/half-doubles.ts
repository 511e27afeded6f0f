import { doubles } from "./doubles.ts";

const whole = new Float64Array(1);
const words = new Uint32Array(whole.buffer);
/** The word that holds sign and exponent, by the machine's order of bytes. */
const HIGH = (() => {
  whole[0] = 1;
  return words[1] === 0 ? 0 : 1;
})();
const LOW = 1 - HIGH;
const ROUNDING_BIT = 31;
const LARGEST = 0x7fef_ffff;
const SIGN = 0x8000_0000;

/**
 * A list of `count` halves, all 0, in half the memory of doubles, for numbers that are learned slowly and read seldom. A half
 * has 20 significant bits after the first and the range of a double, so halves need no unit.
 *
 * A half is the upper word of a double. Two halves make a finite double, since each half has the exponent of a finite number.
 * V8 keeps the bits of a finite double; V8 does not keep the bits of a NaN.
 *
 * @param count 0 … 1,024.
 */
export const halfDoubles = (count: number): number[] => doubles(Math.ceil(count / 2), 0);

/** The number at a place of a list made by `halfDoubles`. Cost: about 5 ns. */
export function readHalf(list: readonly number[], at: number): number {
  whole[0] = list[at >> 1]!;
  words[HIGH] = words[at & 1]!;
  words[LOW] = 0;
  return whole[0];
}

/** Stores a finite number, rounded to a relative 5e-7. Cost: about 10 ns. */
export const writeHalf = (list: number[], at: number, x: number): void => {
  whole[0] = x;
  const high = words[HIGH]! + (words[LOW]! >>> ROUNDING_BIT);
  put(list, at, (high & ~SIGN) > LARGEST ? (high & SIGN) | LARGEST : high);
};

/** Stores a number within ±1.797e308: `writeHalfDown` never stores a larger number, `writeHalfUp` never a smaller one. */
export const writeHalfDown = (list: number[], at: number, x: number): void =>
  put(list, at, awayFromZero(x, x < 0));
export const writeHalfUp = (list: number[], at: number, x: number): void =>
  put(list, at, awayFromZero(x, x > 0));

function awayFromZero(x: number, away: boolean): number {
  whole[0] = x;
  const high = words[HIGH]!;
  return away && words[LOW] !== 0 && (high & ~SIGN) < LARGEST ? high + 1 : high;
}

function put(list: number[], at: number, half: number): void {
  whole[0] = list[at >> 1]!;
  words[at & 1] = half;
  list[at >> 1] = whole[0];
}
