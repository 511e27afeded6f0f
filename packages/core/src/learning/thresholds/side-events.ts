import type { SeriesSettings } from "../../contract/index.ts";
import type { Moment } from "../../statistics/index.ts";
import type { SeriesEvent } from "../events.ts";
import { followsOnline } from "../rules/series-options.ts";
import type { SideThreshold } from "./side-threshold.ts";

/** A series as its thresholds see it while they move; a learner is one, so that no sample needs an object for it. */
export interface MovingSeries {
  readonly settings: SeriesSettings;
  /** A frozen one moves with the clock alone. */
  readonly frozen: boolean;
  /** It knows the usual time between two samples, ms. */
  readonly judge: { readonly intervalMs: number };
}

/**
 * `measured` holds a side's threshold in force against a sample, so that a change of it that does not keep its promise is
 * told. It is called before the side learns the sample: the sample is judged by what was in force when it came.
 *
 * @param counts Whether it is one of those that promises are paid back by.
 * @returns Those events, and after them what became of promises; the same list where nothing did.
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
 * `moved` steps a side's threshold, which may move now. Without it subscribers would have one that neither follows the
 * clock nor what is learned.
 *
 * @returns Those events, and after them the threshold where it is handed out anew; the same list where it is near enough.
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

/** A `Moment` is all that a side's threshold goes by when it moves: the time, the settings, and what is learned online. */
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
