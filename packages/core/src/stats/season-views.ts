import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import { FirstQuarter } from "./first-quarter.ts";
import type { NewestValues } from "./newest-values.ts";
import {
  FIRST_POINTS,
  HOUR,
  HOUR_LONG,
  learnedOf,
  QUARTER_LONG,
  QUARTER_MS,
  QUARTER_SHORT,
  quarterOf,
  readings,
  type SeasonPoint,
  type SeasonReadings,
  shareOf,
  WEEK,
  WEEK_MEAN,
} from "./season-point.ts";
import {
  HOUR_RESIDUALS,
  QUARTER_RESIDUALS,
  SeasonalResiduals,
  type SeasonalResidualsSnapshot,
} from "./seasonal-residuals.ts";

/** A view that begins later than its series leaves its range all the time: so many points it is not heard. */
const UNHEARD_POINTS = 400;
const WEEK_MS = 7 * 86_400_000;
/** Medians of so many scaled residuals are views. */
const SHORT_MEDIAN = 11;
const LONG_MEDIAN = 25;

/** Places of the numbers of the state, from the first of them on. */
/** Of each view that is a median: residuals that may come before it can leave the range of the current block. */
const SLACKS = 0;
/** Points from which on the families, and medians, are heard. */
const HEARD_AT = 3;
const MEDIANS_HEARD_AT = 4;

/** State of `SeasonViews`, beside its numbers. */
export interface SeasonViewsSnapshot {
  seasonal: boolean;
  /** Local times of the first points, until there are views; null where they do not matter. */
  first_times: Float64Array | null;
  first_quarter: { quarter: number; mean: number } | null;
  season: SeasonalResidualsSnapshot | null;
}

/**
 * The views of a series for which its days and weeks must be known: how far a point is from what is usual at its time.
 *
 * They begin with the 25th point, and know those before. While a fast series is in its first quarter of an hour, the hour
 * of the day, that of the week and the mean of all points are the same: the mean alone is kept.
 *
 * Cost: O(1); 2.5 KB, in the first quarter of an hour two numbers.
 */
export class SeasonViews {
  #wanted: boolean;
  /** Times of the first points, then the first quarter of an hour, then the season; undefined where there is none yet. */
  #known: number[] | FirstQuarter | SeasonalResiduals | undefined;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
    if (wanted) this.#known = doubles(FIRST_POINTS, 0);
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** What was known of the season is let go of; one that is wanted anew is learned from now on. */
  want(wanted: boolean, numbers: number[], from: number): void {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    this.#known = undefined;
    numbers.fill(0, from + SLACKS, from + HEARD_AT);
  }

  /** Compares a point, then learns from it. @returns One object for all series, good until the next call. */
  update(point: Readonly<SeasonPoint>): Readonly<SeasonReadings> {
    readings.expected = Number.NaN;
    readings.hourOfDay = 0;
    readings.hourOfWeek = 0;
    readings.usualResidual = 0;
    if (!this.#wanted) return readings;
    const { localMs, x, numbers, from } = point;
    if (!(this.#known instanceof SeasonalResiduals)) this.#begin(point);
    else if (point.dayBegun !== undefined) this.#known.beginDay(point.dayBegun);
    const known = this.#known;
    if (known instanceof FirstQuarter) known.compare(point);
    if (!(known instanceof SeasonalResiduals)) return readings;
    compare(known, point, localMs, x);
    const { points } = point.ranges;
    if (points < numbers[from + HEARD_AT]!) {
      readings.hourOfDay = 0;
      readings.hourOfWeek = 0;
    }
    if (points < numbers[from + MEDIANS_HEARD_AT]!) readings.usualResidual = 0;
    return readings;
  }

  /** Whether the series may be a line that falls, which its days do not tell yet. */
  mayFall({ knowsTrend, localMs }: Readonly<SeasonPoint>): boolean {
    const known = this.#known;
    return !knowsTrend && known instanceof SeasonalResiduals && known.straightRise(localMs) < 0;
  }

  snapshot(points: number): SeasonViewsSnapshot {
    const known = this.#known;
    return {
      seasonal: this.#wanted,
      first_times: Array.isArray(known) ? Float64Array.from(known.slice(0, points)) : null,
      first_quarter: known instanceof FirstQuarter ? { ...known } : null,
      season: known instanceof SeasonalResiduals ? known.snapshot() : null,
    };
  }

  /** @param points Points seen. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: SeasonViewsSnapshot, points: number): SeasonViews {
    const { seasonal, first_times: times, first_quarter: first, season } = snapshot;
    const stages = [times, first, season].filter((stage) => stage !== null).length;
    requireSnapshot(stages <= (seasonal ? 1 : 0), "more of a season than there can be");
    const restored = new SeasonViews(seasonal);
    restored.#known = undefined;
    if (times !== null) {
      requireSnapshot(
        times.length === points && points <= FIRST_POINTS && times.every(Number.isFinite),
        "wrong number of first times",
      );
      const known = doubles(FIRST_POINTS, 0);
      times.forEach((time, i) => {
        known[i] = time;
      });
      restored.#known = known;
    }
    if (first !== null) {
      requireSnapshot(
        Number.isSafeInteger(first.quarter) && Number.isFinite(first.mean),
        "first quarter of an hour is damaged",
      );
      restored.#known = new FirstQuarter(first.quarter, first.mean);
    }
    if (season !== null) restored.#known = SeasonalResiduals.restore(season);
    return restored;
  }

  /** Where it is time, the next stage of what is known of a series. */
  #begin(point: Readonly<SeasonPoint>): void {
    const { localMs, numbers, from, recent } = point;
    const { points } = point.ranges;
    const known = this.#known;
    if (points < FIRST_POINTS) {
      if (Array.isArray(known)) known[points] = localMs;
    } else if (Array.isArray(known))
      this.#known =
        Math.abs(localMs - known[0]!) < QUARTER_MS
          ? FirstQuarter.begin(point)
          : seasonSince(known, point);
    else if (known === undefined) {
      this.#known = new SeasonalResiduals(recent.median());
      numbers[from + HEARD_AT] = points + UNHEARD_POINTS;
      numbers[from + MEDIANS_HEARD_AT] = points + UNHEARD_POINTS;
    } else if (known instanceof FirstQuarter && quarterOf(localMs) !== known.quarter) {
      const season = new SeasonalResiduals(known.mean);
      season.begin(known.quarter * QUARTER_MS, points * shareOf(point), recent);
      this.#known = season;
      numbers[from + MEDIANS_HEARD_AT] = points + UNHEARD_POINTS;
    }
  }
}

/** A season that knows the first points, each with its time. */
function seasonSince(times: readonly number[], point: Readonly<SeasonPoint>): SeasonalResiduals {
  const { recent } = point;
  const season = new SeasonalResiduals(recent.median());
  for (let i = 0; i < FIRST_POINTS; i++) compare(season, point, times[i]!, recent.first(i));
  return season;
}

function compare(
  season: SeasonalResiduals,
  point: Readonly<SeasonPoint>,
  localMs: number,
  x: number,
): void {
  const { ranges, floor } = point;
  const line = point.line + point.slope * (localMs - point.localMs);
  const rise = point.slope * WEEK_MS;
  const found = season.update(localMs, x - line, learnedOf(x, point) - line, shareOf(point), rise);
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
    usual = Math.max(usual, excessOfMedian(season, point, HOUR_LONG, HOUR_RESIDUALS, LONG_MEDIAN));
  readings.usualResidual = usual;
  // A line is as far from yesterday as a season that broke: which of them it is, the third day tells.
  const mayBeLine = found.hourReturns && !point.knowsTrend && readings.hourOfDay + usual > 0;
  if (mayBeLine && season.mayBeLine(localMs, found.hour)) {
    readings.hourOfDay = 0;
    readings.usualResidual = 0;
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
