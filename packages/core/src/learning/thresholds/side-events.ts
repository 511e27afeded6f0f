import type { SeriesSettings } from "../../contract/index.ts";
import type { Moment } from "../../statistics/index.ts";
import type { SeriesEvent } from "../events.ts";
import { followsOnline } from "../rules/series-options.ts";
import type { SideThreshold } from "./side-threshold.ts";

/** The facts of a series by which its thresholds move; a learner has this form itself, so that no sample allocates an object. */
export interface MovingSeries {
  readonly settings: SeriesSettings;
  /** Thresholds of a frozen series move with the clock alone. */
  readonly frozen: boolean;
  /** The judge knows the usual time between two samples, ms. */
  readonly judge: { readonly intervalMs: number };
}

/**
 * `measured` compares a sample with a side's threshold in force, so that the outcome of each changed threshold is known.
 * `measured` runs before the side learns the sample: a sample counts against the threshold that was in force on its arrival.
 *
 * @param counts Whether the sample also corrects the threshold in force, so that its exceedance rate returns to the promised one.
 * @returns `events`, followed by outcomes of measured changes; the same list where there are none.
 */
export function measured(
  side: SideThreshold,
  time: number,
  value: number,
  promisedRate: number,
  counts: boolean,
  events: readonly SeriesEvent[],
): readonly SeriesEvent[] {
  const outcomes = side.measure(time, value, promisedRate, counts);
  if (outcomes.length === 0) return events;
  return [
    ...events,
    ...outcomes.map((outcome) => ({ type: "outcome", time, ...outcome }) as const),
  ];
}

/**
 * `moved` steps a side's threshold. Without this step subscribers keep a threshold that follows neither the clock nor the
 * online threshold.
 *
 * @returns `events`, followed by the threshold where it is published anew; the same list where the published one is near enough.
 */
export function moved(
  side: SideThreshold,
  series: MovingSeries,
  time: number,
  offsetMs: number,
  events: readonly SeriesEvent[],
): readonly SeriesEvent[] {
  const threshold = side.step(momentOf(series, side, time, offsetMs));
  if (threshold === undefined) return events;
  const { schedule } = side;
  return [...events, { type: "threshold", time, side: side.side, threshold, schedule }];
}

/** A `Moment` holds all that decides how a side's threshold moves: the time, the settings and the online threshold. */
export function momentOf(
  { settings, frozen, judge }: MovingSeries,
  { adaptive }: SideThreshold,
  timeMs: number,
  offsetMs: number,
): Moment {
  const { exceedance_rate, threshold_tolerance, minimum, maximum } = settings;
  return {
    timeMs,
    offsetMs,
    intervalMs: judge.intervalMs,
    online: followsOnline(settings) ? adaptive : undefined,
    learns: !frozen,
    exceedanceRate: exceedance_rate,
    minimum: minimum ?? Number.NEGATIVE_INFINITY,
    maximum: maximum ?? Number.POSITIVE_INFINITY,
    tolerance: threshold_tolerance,
  };
}
