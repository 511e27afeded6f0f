import { TrendOfDays } from "../season/trend-of-days.ts";
import { SuddenShift } from "./sudden-shift.ts";

/** Samples of a block, at most. */
export const BLOCK = 12;
/** Least blocks of a change. */
export const RUN = 8;

/** Places of the numbers that a `ChangeDetector` goes by. */
export const AT = {
  /** Moved by declared changes only. */
  offset: 0,
  /** Follows the rest slowly; NaN before the first block. */
  level: 1,
  /** Mean absolute deviation of blocks from their level, and how many it rests on. */
  spread: 2,
  blocks: 3,
  /** Mean absolute deviation of samples from their block. */
  noise: 4,
  /** Time of the last sample looked at, and of the first of this block; local time of the latter. */
  takenAt: 5,
  blockAt: 6,
  blockLocalAt: 7,
  count: 8,
  /** Sum of what was expected beside the level, over this block. */
  expected: 9,
  /** Of the run of blocks on one side: side (0: none), gathered deviations, length, times, sum of its second to fourth block. */
  side: 10,
  gathered: 11,
  run: 12,
  runAt: 13,
  runLocalAt: 14,
  early: 15,
  /** Whether the last block had the shape of the day. */
  shaped: 16,
  /** Time of the last drift, told or going on, and its side. */
  driftAt: 17,
  driftSide: 18,
  /** Mean deviation of the four blocks before the run. */
  prior: 19,
  /** How long the run must be, by what was known when it began. */
  needed: 20,
  /** From here on: differences of the samples of this block to what was expected beside the level. */
  block: 21,
  /** Of the last 8 blocks, from here on: deviation from the level, then median of what the series had. */
  deviations: 21 + BLOCK,
  medians: 21 + BLOCK + RUN,
  /** The side to which a shift was told while nothing was known of the day (0: none was). */
  toldSide: 21 + BLOCK + 2 * RUN + TrendOfDays.LENGTH,
} as const;
export const LAST_DEVIATION = AT.deviations + RUN - 1;
const TREND_AT = AT.medians + RUN;
export const TREND = new TrendOfDays(TREND_AT);
const SUDDEN_AT = AT.toldSide + 1;
export const SUDDEN = new SuddenShift(SUDDEN_AT);
export const NUMBERS = SUDDEN_AT + SuddenShift.LENGTH;
/** Of versions 2 and 3: how many there were, and which of them mean the same. */
export const NUMBERS_OF_2 = 46;
export const KEPT_OF_2 = [AT.offset, AT.level, AT.noise, AT.shaped];
export const NUMBERS_OF_3 = AT.toldSide;

/** Mean of `count` numbers from a place on. */
export function meanOf(list: readonly number[], from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += list[i]! / count;
  return sum;
}

/** Appends to the 8 numbers from a place on; the first goes. */
export function push(list: number[], from: number, newest: number): void {
  list.copyWithin(from, from + 1, from + RUN);
  list[from + RUN - 1] = newest;
}
