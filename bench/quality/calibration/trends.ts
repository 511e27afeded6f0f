import { type Season, SeasonalProfile, trend } from "@mapek/core/statistics";
import { syntheticSeries, type TimedSeries } from "../../../test/support/synthetic-series.ts";

const ROUNDS = 200;
const LENGTHS = [72, 144, 216, 288, 432, 576, 864, 1_440, 2_016, 4_032, 8_640];
const WITHOUT = [
  "normal",
  "lognormal",
  "t with 2 degrees",
  "AR(1) 0.9",
  "daily and weekly",
  "daily, growing noise by day",
  "daily counts",
];
const COUNT = 2 * 8_640;
const HOUR_MS = 3_600_000;
const SLOPE_PER_HOUR = 0.3;

interface TrendShare {
  readonly kind: string;
  /** Share of windows in which a trend was called, by their length. */
  readonly called: readonly number[];
}

export const TREND_LENGTHS = LENGTHS;

/** How often a trend is called where there is none, and where there is one. */
export function trendShares(): TrendShare[] {
  const shares = new Map<string, number[]>();
  for (const kind of WITHOUT)
    for (let round = 0; round < ROUNDS; round++) {
      const series = syntheticSeries(kind, 100 + round, COUNT);
      for (const [l, length] of LENGTHS.entries()) {
        const from = COUNT / 2 - length + ((round * 37) % (COUNT / 2 + 1));
        const knownOf = (values: Float64Array) => profileOf(series.times, values, from + length);
        const called = (name: string, values: Float64Array, season?: Season): void => {
          const { direction } = trend(
            series.times.subarray(from, from + length),
            values.subarray(from, from + length),
            season,
          );
          const row = shares.get(name) ?? LENGTHS.map(() => 0);
          shares.set(name, row);
          if (direction === "increasing" || direction === "decreasing") row[l]! += 1 / ROUNDS;
        };
        called(kind, series.values);
        if (kind !== "normal" && kind !== "daily and weekly") continue;
        const drifting = drifted(series, from);
        called(`${kind}, season known`, series.values, knownOf(series.values));
        called(`${kind}, ${SLOPE_PER_HOUR} an hour added`, drifting);
        called(
          `${kind}, ${SLOPE_PER_HOUR} an hour added, season known`,
          drifting,
          knownOf(drifting),
        );
      }
    }
  return [...shares].map(([kind, called]) => ({ kind, called }));
}

/** The series with a drift that begins with the window. */
function drifted({ times, values }: TimedSeries, from: number): Float64Array {
  return values.map(
    (value, i) => value + (i > from ? (SLOPE_PER_HOUR * (times[i]! - times[from]!)) / HOUR_MS : 0),
  );
}

/** What is known of the season at the window's end. */
function profileOf(times: Float64Array, values: Float64Array, end: number): Season {
  const profile = new SeasonalProfile();
  for (let i = Math.max(0, end - 8_640); i < end; i++) profile.update(times[i]!, values[i]!);
  return (time) => profile.value(time);
}
