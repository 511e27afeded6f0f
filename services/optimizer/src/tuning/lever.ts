import type { OptimizerSettings } from "@mapek/core/contract";

/** A parameter that adaptation moves, with counts of how long a move has been wanted. */
export interface Lever {
  /** Offset from the state's row: added to the row's parallelism, or multiplied with the row's interval. */
  value: number;
  /** Consecutive reports that wanted a higher and a lower value. */
  risesFor: number;
  fallsFor: number;
  /** Reports since the last move, up to {@link LONG_AGO}. */
  sinceMove: number;
  /** Reports left in which no raise is tried, after a raise that was rolled back. */
  restFor: number;
  /** Consecutive raises that were rolled back, up to 5. */
  setbacks: number;
}

/** Upper bound of `sinceMove`, so that the saved number stays small. */
const LONG_AGO = 1_000_000;
/** Reports of rest after the first raise that was rolled back; each further one doubles the rest, up to 32 times. */
const REST_REPORTS = 20;
const MAX_DOUBLINGS = 5;

export const initialLever = (value: number): Lever => ({
  value,
  risesFor: 0,
  fallsFor: 0,
  sinceMove: 0,
  restFor: 0,
  setbacks: 0,
});

/**
 * Counts for how many consecutive reports the target has differed from the current value by more than
 * `increase_tolerance` or `decrease_tolerance`. Raises and cuts have separate tolerances, holds and steps,
 * as in the scaling behaviour of the Kubernetes Horizontal Pod Autoscaler.
 *
 * @param current > 0, in the parameter's own unit, as `target`.
 */
export function weigh(
  lever: Lever,
  current: number,
  target: number,
  settings: OptimizerSettings,
): void {
  lever.risesFor = target > current * (1 + settings.increase_tolerance) ? lever.risesFor + 1 : 0;
  lever.fallsFor = target < current * (1 - settings.decrease_tolerance) ? lever.fallsFor + 1 : 0;
  if (lever.sinceMove < LONG_AGO) lever.sinceMove++;
  if (lever.restFor > 0) lever.restFor--;
}

export const mayRise = (lever: Lever, settings: OptimizerSettings): boolean =>
  lever.restFor === 0 && lever.risesFor >= settings.increase_hold_reports;

export const mayFall = (lever: Lever, settings: OptimizerSettings): boolean =>
  lever.fallsFor >= settings.decrease_hold_reports;

/** Moves the lever and starts its counts of wanted moves anew. */
export function move(lever: Lever, value: number): void {
  lever.value = value;
  lever.risesFor = 0;
  lever.fallsFor = 0;
  lever.sinceMove = 0;
}

/** Notes a raise that was rolled back: the next one waits 20 reports, twice as long with each setback. */
export function setBack(lever: Lever): void {
  lever.restFor = REST_REPORTS * 2 ** Math.min(lever.setbacks, MAX_DOUBLINGS);
  lever.setbacks = Math.min(lever.setbacks + 1, MAX_DOUBLINGS);
}
