import type { RangeMemory } from "./range-memory.ts";
import type { RecentValues } from "./recent-values.ts";
import type { DayBegun } from "./trend-of-days.ts";

/** Points from which on there are views of a season; until then only their times are kept. */
export const FIRST_POINTS = 24;
export const QUARTER_MS = 900_000;
/** From this interval on every point counts whole in a season, ms. */
const WHOLE_INTERVAL_MS = 300_000;

/** Place of the first of a season's views in a range memory. */
const FIRST_SEASON_VIEW = 8;
export const HOUR = FIRST_SEASON_VIEW;
export const WEEK = FIRST_SEASON_VIEW + 1;
export const WEEK_MEAN = FIRST_SEASON_VIEW + 2;
export const QUARTER_SHORT = FIRST_SEASON_VIEW + 3;
export const QUARTER_LONG = FIRST_SEASON_VIEW + 4;
export const HOUR_LONG = FIRST_SEASON_VIEW + 5;
/** Views of a series, those of its season included. */
export const VIEWS = FIRST_SEASON_VIEW + 6;

/** Numbers of the state that a season has among those of its series. */
export const SEASON_NUMBERS = 5;

/** A point of a series, and what the series has beside its season. */
export interface SeasonPoint {
  localMs: number;
  x: number;
  /** What means learn of a value lies between these. */
  learnedLow: number;
  learnedHigh: number;
  /** Least range to measure by. */
  floor: number;
  /** The straight line that the series follows, at this point's time, and what it rises a millisecond. */
  line: number;
  slope: number;
  /** Where a day begins with this point. */
  dayBegun: Readonly<DayBegun> | undefined;
  /** Whether there have been days enough to tell a line from a season. */
  knowsTrend: boolean;
  /** Usual time between two points, ms. */
  intervalMs: number;
  /** A list of which `SEASON_NUMBERS` numbers from place `from` on are the season's, all 0 before the first point. */
  numbers: number[];
  from: number;
  ranges: RangeMemory;
  /** With this point. */
  recent: RecentValues;
}

/** What the season says of a point. */
export interface SeasonReadings {
  /** Mean of the values at this hour of the day; NaN where no earlier value tells. */
  expected: number;
  /** Excess of each family. */
  hourOfDay: number;
  hourOfWeek: number;
  usualResidual: number;
}
/** Of the point that is compared now, of any series. */
export const readings: SeasonReadings = {
  expected: 0.5,
  hourOfDay: 0.5,
  hourOfWeek: 0.5,
  usualResidual: 0.5,
};

/** Number of a quarter of an hour. */
export const quarterOf = (localMs: number): number => Math.floor(localMs / QUARTER_MS);

/** How much a point of the series counts in its season. */
export const shareOf = ({ intervalMs }: Readonly<SeasonPoint>): number =>
  Math.min(1, intervalMs / WHOLE_INTERVAL_MS);

/** What means learn of a value. */
export const learnedOf = (x: number, { learnedLow, learnedHigh }: Readonly<SeasonPoint>): number =>
  Math.min(learnedHigh, Math.max(learnedLow, x));
