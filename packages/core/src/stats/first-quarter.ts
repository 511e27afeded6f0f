import {
  FIRST_POINTS,
  HOUR,
  learnedOf,
  quarterOf,
  readings,
  type SeasonPoint,
  WEEK,
  WEEK_MEAN,
} from "./season-point.ts";

/** Of a series whose points all lie in one quarter of an hour: which one, and their mean. */
export class FirstQuarter {
  readonly quarter: number;
  mean: number;

  constructor(quarter: number, mean: number) {
    this.quarter = quarter;
    this.mean = mean;
  }

  /** With the first points, which came shortly before this one. */
  static begin(point: Readonly<SeasonPoint>): FirstQuarter {
    const { localMs, ranges, recent, floor } = point;
    const first = new FirstQuarter(quarterOf(localMs), learnedOf(recent.first(0), point));
    for (let i = 1; i < FIRST_POINTS; i++) {
      const x = recent.first(i);
      ranges.excess(HOUR, x - first.mean, floor);
      ranges.excess(WEEK, x - first.mean, floor);
      first.mean += (learnedOf(x, point) - first.mean) / (i + 1);
    }
    return first;
  }

  compare(point: Readonly<SeasonPoint>): void {
    const { x, floor, ranges, recent } = point;
    const { mean } = this;
    readings.expected = mean;
    readings.hourOfDay = ranges.excess(HOUR, x - mean, floor);
    readings.hourOfWeek = Math.max(
      ranges.excess(WEEK, x - mean, floor),
      ranges.excess(WEEK_MEAN, recent.meanOfMiddle() - mean, floor),
    );
    this.mean = mean + (learnedOf(x, point) - mean) / (ranges.points + 1);
  }
}
