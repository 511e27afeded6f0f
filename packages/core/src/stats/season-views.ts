import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import type { NewestValues } from "./newest-values.ts";
import type { RangeMemory } from "./range-memory.ts";
import type { RecentValues } from "./recent-values.ts";
import {
  HOUR_RESIDUALS,
  QUARTER_RESIDUALS,
  SeasonalResiduals,
  type SeasonalResidualsSnapshot,
} from "./seasonal-residuals.ts";

/** Points from which on there are these views; until then only the times of points are kept. */
const FIRST_POINTS = 24;
const QUARTER_MS = 900_000;
/** From this interval on every point counts whole in a season, ms. */
const WHOLE_INTERVAL_MS = 300_000;
/** A view that begins later than its series leaves its range all the time: so many points it is not heard. */
const UNHEARD_POINTS = 400;
/** Medians of so many scaled residuals are views. */
const SHORT_MEDIAN = 11;
const LONG_MEDIAN = 25;

/** Place of the first of these views in a range memory, and their number. */
export const FIRST_SEASON_VIEW = 8;
export const SEASON_VIEWS = 6;
const HOUR = FIRST_SEASON_VIEW;
const WEEK = FIRST_SEASON_VIEW + 1;
const WEEK_MEAN = FIRST_SEASON_VIEW + 2;
const QUARTER_SHORT = FIRST_SEASON_VIEW + 3;
const QUARTER_LONG = FIRST_SEASON_VIEW + 4;
const HOUR_LONG = FIRST_SEASON_VIEW + 5;

/** Places of the numbers of the state, from the first of them on. */
/** Of each view that is a median: residuals that may come before it can leave the range of the current block. */
const SLACKS = 0;
/** Points from which on the families, and medians, are heard. */
const HEARD_AT = 3;
const MEDIANS_HEARD_AT = 4;
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
const readings: SeasonReadings = {
  expected: 0.5,
  hourOfDay: 0.5,
  hourOfWeek: 0.5,
  usualResidual: 0.5,
};

/** State of `SeasonViews`, beside its numbers. */
export interface SeasonViewsSnapshot {
  seasonal: boolean;
  /** Local times of the first points, until there are views; null where they do not matter. */
  first_times: Float64Array | null;
  first_quarter: FirstQuarter | null;
  season: SeasonalResidualsSnapshot | null;
}

/** Of a series whose points all lie in one quarter of an hour: which one, and their mean. */
interface FirstQuarter {
  quarter: number;
  mean: number;
}

/**
 * The views of a series for which its days and weeks must be known: how far a point is from what is usual at its time.
 *
 * They begin with the 25th point, and know those before. While a fast series is in its first quarter of an hour, the hour
 * of the day, that of the week and the mean of all points are the same: the mean alone is kept.
 *
 * Cost: O(1), about 0.5 µs a point, 0.05 in the first quarter of an hour; 2.5 KB from the second on.
 */
export class SeasonViews {
  #wanted: boolean;
  #firstTimes: number[] | undefined;
  #firstQuarter: FirstQuarter | undefined;
  #season: SeasonalResiduals | undefined;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
    if (wanted) this.#firstTimes = doubles(FIRST_POINTS, 0);
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** What was known of the season is let go of; one that is wanted anew is learned from now on. */
  want(wanted: boolean, numbers: number[], from: number): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#firstTimes = undefined;
    this.#firstQuarter = undefined;
    this.#season = undefined;
    numbers.fill(0, from + SLACKS, from + SLACKS + 3);
  }

  /** Compares a point, then learns from it. @returns One object for all series, good until the next call. */
  update(point: Readonly<SeasonPoint>): Readonly<SeasonReadings> {
    readings.expected = Number.NaN;
    readings.hourOfDay = 0;
    readings.hourOfWeek = 0;
    readings.usualResidual = 0;
    if (!this.#wanted) return readings;
    const { localMs, x, numbers, from } = point;
    if (this.#season === undefined) this.#begin(point);
    if (this.#firstQuarter !== undefined) this.#compareFirst(this.#firstQuarter, point);
    if (this.#season === undefined) return readings;
    this.#compare(this.#season, point, localMs, x);
    const { points } = point.ranges;
    if (points < numbers[from + HEARD_AT]!) {
      readings.hourOfDay = 0;
      readings.hourOfWeek = 0;
    }
    if (points < numbers[from + MEDIANS_HEARD_AT]!) readings.usualResidual = 0;
    return readings;
  }

  snapshot(points: number): SeasonViewsSnapshot {
    const times = this.#firstTimes;
    return {
      seasonal: this.#wanted,
      first_times: times === undefined ? null : Float64Array.from(times.slice(0, points)),
      first_quarter: this.#firstQuarter === undefined ? null : { ...this.#firstQuarter },
      season: this.#season?.snapshot() ?? null,
    };
  }

  /** @param points Points seen. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: SeasonViewsSnapshot, points: number): SeasonViews {
    const { seasonal, first_times: times, first_quarter: first, season } = snapshot;
    const stages = [times, first, season].filter((stage) => stage !== null).length;
    requireSnapshot(stages <= (seasonal ? 1 : 0), "more of a season than there can be");
    const restored = new SeasonViews(seasonal);
    if (times === null) restored.#firstTimes = undefined;
    else {
      requireSnapshot(
        times.length === points && points <= FIRST_POINTS && times.every(Number.isFinite),
        "wrong number of first times",
      );
      times.forEach((time, i) => {
        restored.#firstTimes![i] = time;
      });
    }
    if (first !== null) {
      requireSnapshot(
        Number.isSafeInteger(first.quarter) && Number.isFinite(first.mean),
        "first quarter of an hour is damaged",
      );
      restored.#firstQuarter = { ...first };
    }
    if (season !== null) restored.#season = SeasonalResiduals.restore(season);
    return restored;
  }

  /** Where it is time, the next stage of what is known of a series. */
  #begin(point: Readonly<SeasonPoint>): void {
    const { localMs, numbers, from, recent } = point;
    const { points } = point.ranges;
    const times = this.#firstTimes;
    const first = this.#firstQuarter;
    if (points < FIRST_POINTS) {
      if (times !== undefined) times[points] = localMs;
    } else if (times !== undefined) {
      this.#firstTimes = undefined;
      if (Math.abs(localMs - times[0]!) < QUARTER_MS) this.#beginFirstQuarter(point);
      else this.#beginSeason(point, times);
    } else if (first === undefined) {
      this.#season = new SeasonalResiduals(recent.median());
      numbers[from + HEARD_AT] = points + UNHEARD_POINTS;
      numbers[from + MEDIANS_HEARD_AT] = points + UNHEARD_POINTS;
    } else if (Math.floor(localMs / QUARTER_MS) !== first.quarter) {
      this.#firstQuarter = undefined;
      this.#season = new SeasonalResiduals(first.mean);
      this.#season.begin(first.quarter * QUARTER_MS, points * shareOf(point), recent);
      numbers[from + MEDIANS_HEARD_AT] = points + UNHEARD_POINTS;
    }
  }

  #beginFirstQuarter(point: Readonly<SeasonPoint>): void {
    const { localMs, ranges, recent, floor } = point;
    const first = {
      quarter: Math.floor(localMs / QUARTER_MS),
      mean: learnedOf(recent.first(0), point),
    };
    this.#firstQuarter = first;
    for (let i = 1; i < FIRST_POINTS; i++) {
      const x = recent.first(i);
      ranges.excess(HOUR, x - first.mean, floor);
      ranges.excess(WEEK, x - first.mean, floor);
      first.mean += (learnedOf(x, point) - first.mean) / (i + 1);
    }
  }

  #compareFirst(first: FirstQuarter, point: Readonly<SeasonPoint>): void {
    const { x, floor, ranges, recent } = point;
    const { mean } = first;
    readings.expected = mean;
    readings.hourOfDay = ranges.excess(HOUR, x - mean, floor);
    readings.hourOfWeek = Math.max(
      ranges.excess(WEEK, x - mean, floor),
      ranges.excess(WEEK_MEAN, recent.meanOfMiddle() - mean, floor),
    );
    first.mean = mean + (learnedOf(x, point) - mean) / (ranges.points + 1);
  }

  #beginSeason(point: Readonly<SeasonPoint>, times: readonly number[]): void {
    const { recent } = point;
    this.#season = new SeasonalResiduals(recent.median());
    for (let i = 0; i < FIRST_POINTS; i++)
      this.#compare(this.#season, point, times[i]!, recent.first(i));
  }

  #compare(
    season: SeasonalResiduals,
    point: Readonly<SeasonPoint>,
    localMs: number,
    x: number,
  ): void {
    const { ranges, floor } = point;
    const found = season.update(localMs, x, learnedOf(x, point), shareOf(point));
    readings.hourOfDay = 0;
    readings.hourOfWeek = 0;
    if (!Number.isNaN(found.hour)) {
      readings.hourOfDay = ranges.excess(HOUR, found.hour, floor);
      readings.expected = x - found.hour;
    }
    if (!Number.isNaN(found.week))
      readings.hourOfWeek = Math.max(
        ranges.excess(WEEK, found.week, floor),
        ranges.excess(WEEK_MEAN, found.weekMean, floor),
      );
    let usual = 0;
    if (found.newQuarter) {
      usual = excessOfMedian(season, point, QUARTER_SHORT, QUARTER_RESIDUALS, SHORT_MEDIAN);
      usual = Math.max(
        usual,
        excessOfMedian(season, point, QUARTER_LONG, QUARTER_RESIDUALS, LONG_MEDIAN),
      );
    }
    if (found.newHour)
      usual = Math.max(
        usual,
        excessOfMedian(season, point, HOUR_LONG, HOUR_RESIDUALS, LONG_MEDIAN),
      );
    readings.usualResidual = usual;
  }
}

function excessOfMedian(
  season: SeasonalResiduals,
  { numbers, from, ranges }: Readonly<SeasonPoint>,
  view: number,
  residuals: NewestValues,
  most: number,
): number {
  const slack = from + SLACKS + view - QUARTER_SHORT;
  if (!ranges.beginsBlock && numbers[slack]! > 0) {
    numbers[slack]!--;
    return 0;
  }
  const [low, high] = [ranges.currentLow(view), ranges.currentHigh(view)];
  numbers[slack] = season.slackOfMedian(residuals, most, low, high);
  return numbers[slack]! >= 0 ? 0 : ranges.excess(view, season.median(residuals, most), 0);
}

/** How much a point of the series counts in its season. */
const shareOf = ({ intervalMs }: Readonly<SeasonPoint>): number =>
  Math.min(1, intervalMs / WHOLE_INTERVAL_MS);

/** What means learn of a value. */
const learnedOf = (x: number, { learnedLow, learnedHigh }: Readonly<SeasonPoint>): number =>
  Math.min(learnedHigh, Math.max(learnedLow, x));
