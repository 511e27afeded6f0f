import { wanderingOf } from "../change/block-scale.ts";
import { AT, LAST_DEVIATION, meanOf, RUN } from "../change/change-numbers.ts";

/** Tolerated deviation of a block, in units (k of CUSUM), and the sum beyond the tolerated deviations that completes a run (h). */
const TOLERATED = 1.5;
const GATHERED = 12;

/**
 * Single blocks far off the level do not add up to a change. A run is the blocks that lie off the level to one side; the run
 * ends when the sum of deviations beyond the tolerated ones falls to 0. There is one run at a time.
 *
 * @param z Deviation of the block that has ended, in units of `unitOf`. @param count Samples of that block.
 * Source: Page (1954), Biometrika 41, 100–115 (CUSUM).
 */
export function followRun(n: number[], z: number, count: number): void {
  let side = n[AT.side]!;
  // A run that has hardly gathered anything, and now lies far off on the other side, was chance.
  if (n[AT.gathered]! < TOLERATED && side * z > 2 * TOLERATED) side = n[AT.side] = 0;
  if (side !== 0) {
    n[AT.gathered] = n[AT.gathered]! + side * z - TOLERATED;
    if (n[AT.gathered]! <= 0) side = n[AT.side] = 0;
  }
  if (side === 0) {
    if (Math.abs(z) <= TOLERATED) return;
    n[AT.side] = Math.sign(z);
    n[AT.gathered] = Math.abs(z) - TOLERATED;
    n[AT.run] = 0;
    n[AT.early] = 0;
    n[AT.needed] = RUN * wanderingOf(n, count);
    n[AT.prior] = meanOf(n, AT.deviations + RUN / 2 - 1, RUN / 2);
    n[AT.runAt] = n[AT.blockAt]!;
    n[AT.runLocalAt] = n[AT.blockLocalAt]!;
  } else if (n[AT.gathered]! > 4 * GATHERED) n[AT.gathered] = 4 * GATHERED;
  if (n[AT.run]! >= 1 && n[AT.run]! <= 3) n[AT.early] = n[AT.early]! + n[LAST_DEVIATION]! / 3;
  n[AT.run] = n[AT.run]! + 1;
}

/** Whether the run is long enough, and far enough off, to be judged. */
export const isRunComplete = (n: readonly number[]): boolean =>
  n[AT.gathered]! >= GATHERED && n[AT.run]! >= n[AT.needed]!;
