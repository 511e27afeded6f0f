import type { OptimizerSettings } from "@mapek/core/messages";

/** One parameter that measured performance moves, and how long which direction has been wanted. */
export interface Lever {
  /** Where it stands beside its state's row: added to the row's parallelism, multiplied with its interval. */
  value: number;
  /** Reports in a row that wanted a higher, a lower value. */
  risesFor: number;
  fallsFor: number;
  /** Reports since the last move, up to {@link LONG_AGO}. */
  sinceMove: number;
  /** Reports for which no raise is tried: after one that was taken back. */
  restFor: number;
  /** Raises in a row that were taken back. */
  setbacks: number;
}

/** Reports beyond which nobody asks how long ago a move was. */
const LONG_AGO = 1_000_000;
/** Reports of rest after the first raise that was taken back; doubled with each in a row, at most 32 times that. */
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
 * Counts for how many reports a higher or lower value has been wanted by more than the tolerance of
 * its direction: raises and cuts have tolerances, holds and steps of their own, as in the scaling
 * behaviour of the Kubernetes Horizontal Pod Autoscaler.
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

/** Moves it; what was wanted must be wanted anew. */
export function move(lever: Lever, value: number): void {
  lever.value = value;
  lever.risesFor = 0;
  lever.fallsFor = 0;
  lever.sinceMove = 0;
}

/** A raise was taken back: the next waits, twice as long each time. */
export function setBack(lever: Lever): void {
  lever.restFor = REST_REPORTS * 2 ** Math.min(lever.setbacks, MAX_DOUBLINGS);
  lever.setbacks = Math.min(lever.setbacks + 1, MAX_DOUBLINGS);
}
