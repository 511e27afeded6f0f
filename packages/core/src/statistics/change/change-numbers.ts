import { TrendOfDays } from "../season/trend-of-days.ts";
import { SuddenShift } from "./sudden-shift.ts";

/** Largest number of samples in a block. */
export const BLOCK = 12;
/** Least number of blocks in a run that is a change. */
export const RUN = 8;

/** Places of the numbers in the state of a `ChangeDetector`. */
export const AT = {
  /** Sum of the accepted changes and of the line's rise on earlier days. */
  offset: 0,
  /** Slow mean of the blocks beside offset, line and season; NaN before the first block. */
  level: 1,
  /** Mean absolute deviation of blocks from the level, and the number of blocks in this mean. */
  spread: 2,
  blocks: 3,
  /** Mean absolute deviation of samples from their block's median. */
  noise: 4,
  /** Time of the last sample used, and time and local time of the first sample of this block. */
  takenAt: 5,
  blockAt: 6,
  blockLocalAt: 7,
  count: 8,
  /** Mean expected value in this block without the level. */
  expected: 9,
  /** The run of blocks on one side: side (0: no run), gathered deviations, length, times, mean deviation of its second to fourth block. */
  side: 10,
  gathered: 11,
  run: 12,
  runAt: 13,
  runLocalAt: 14,
  early: 15,
  /** 1 once the expected value includes the shape of the day. */
  shaped: 16,
  /** Time and side of the last drift, whether reported or a continuation. */
  driftAt: 17,
  driftSide: 18,
  /** Mean deviation of the four blocks before the run. */
  prior: 19,
  /** Least length of the run, fixed when the run begins. */
  needed: 20,
  /** First of 12 places: samples of this block minus their expected values without the level. */
  block: 21,
  /** First of 8 places each, for the last 8 blocks: deviations from the level, and observed medians. */
  deviations: 21 + BLOCK,
  medians: 21 + BLOCK + RUN,
  /** Side of a shift that was reported while the day was unknown (0: no shift). */
  toldSide: 21 + BLOCK + 2 * RUN + TrendOfDays.LENGTH,
} as const;
export const LAST_DEVIATION = AT.deviations + RUN - 1;
const TREND_AT = AT.medians + RUN;
export const TREND = new TrendOfDays(TREND_AT);
const SUDDEN_AT = AT.toldSide + 1;
export const SUDDEN = new SuddenShift(SUDDEN_AT);
export const NUMBERS = SUDDEN_AT + SuddenShift.LENGTH;
/** Lengths of states of versions 2 and 3, and the places of version 2 whose meaning has not changed. */
export const NUMBERS_OF_2 = 46;
export const KEPT_OF_2 = [AT.offset, AT.level, AT.noise, AT.shaped];
export const NUMBERS_OF_3 = AT.toldSide;

/** Mean of `count` numbers from a place on. */
export function meanOf(list: readonly number[], from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += list[i]! / count;
  return sum;
}

/** Appends a number to the 8 numbers from a place on, and drops the first. */
export function push(list: number[], from: number, newest: number): void {
  list.copyWithin(from, from + 1, from + RUN);
  list[from + RUN - 1] = newest;
}
