import type { SeriesSettings } from "../contract/index.ts";
import {
  type AdaptiveQuantile,
  describe,
  type SampleWindow,
  Scratch,
  type Season,
  type Statistics,
  type Trend,
  trend,
} from "../statistics/index.ts";
import type { IncidentRanges } from "./judge/incident-ranges.ts";
import { localOffset } from "./rules/series-options.ts";

const copiedValues = new Scratch();
const copiedTimes = new Scratch();
const NO_SEASON: KnownSeason = { season: () => 0, seasonality: 0 };

/** Columns of samples, oldest first. All series share this memory: the next call, for any series, overwrites the columns. */
export type Samples = readonly [times: Float64Array, values: Float64Array];

/** Every sample of a window. */
const samplesOf = (window: SampleWindow): Samples => [
  window.copyTimes(copiedTimes.take(window.length)),
  window.copyValues(copiedValues.take(window.length)),
];

/**
 * `learnableSamples` leaves out the samples from which no threshold may be learned: those before the last level shift, and
 * those of incidents while these are few.
 *
 * @param learnsFrom Event time of the last level shift, ms. Cost: O(window).
 */
export function learnableSamples(
  window: SampleWindow,
  learnsFrom: number,
  incidents: IncidentRanges | undefined,
): Samples {
  const [times, values] = samplesOf(window);
  let from = 0;
  if ((times[0] ?? 0) < learnsFrom) while (from < times.length && times[from]! < learnsFrom) from++;
  const [since, kept] = [times.subarray(from), values.subarray(from)];
  const count = incidents?.leaveOut(since, kept) ?? since.length;
  return [since.subarray(0, count), kept.subarray(0, count)];
}

/** Statistics of a window, and the event time (ms) of its newest sample when they were computed. */
export interface StatisticsThen {
  readonly at: number;
  readonly value: Statistics;
}

/**
 * `statisticsNow` computes the statistics of a window at most once per `statistics_cache_seconds` of event time; undefined
 * while the window is empty.
 *
 * @param known The statistics that were computed last.
 */
export function statisticsNow(
  window: SampleWindow,
  { statistics_cache_seconds }: SeriesSettings,
  known: StatisticsThen | undefined,
): StatisticsThen | undefined {
  const at = window.newestTime;
  if (at === undefined) return undefined;
  if (known !== undefined && at - known.at < statistics_cache_seconds * 1_000 && at >= known.at)
    return known;
  const [, values] = samplesOf(window);
  return { at, value: describe(values) as Statistics };
}

/** The season of a series and its share of the series' movement; both undefined while unknown. */
interface KnownSeason {
  readonly season?: Season;
  readonly seasonality?: number;
}

/**
 * `knownSeason` is the season of the online threshold, which has learned from more samples than the window holds; empty in
 * the first two days. The hours are those of the newest sample's UTC offset.
 */
export function knownSeason(
  window: SampleWindow,
  settings: SeriesSettings,
  adaptive: AdaptiveQuantile | undefined,
): KnownSeason {
  if (!settings.seasonal) return NO_SEASON;
  const seasonality = adaptive?.seasonality;
  const newest = window.newestTime;
  if (adaptive === undefined || seasonality === undefined || newest === undefined) return {};
  const offset = localOffset(settings, newest);
  return { season: (time) => adaptive.season(time + offset), seasonality };
}

/** The trend of a window without its season. Cost: O(window). */
export function trendOf(
  window: SampleWindow,
  settings: SeriesSettings,
  adaptive: AdaptiveQuantile | undefined,
): Trend {
  return trend(...samplesOf(window), knownSeason(window, settings, adaptive).season);
}
