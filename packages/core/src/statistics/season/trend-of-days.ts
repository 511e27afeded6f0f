import { within } from "../clamp.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Differences kept: over a week, so that one weekend is two of seven and not the median. */
const KEPT = 7;
/** Fewest differences for a line. */
const FEWEST = 2;
/**
 * With fewer than `FEW` differences, each difference must lie within the share `ALIKE` of their median. With more differences,
 * their median distance from the median must be within the share `USUALLY_ALIKE`. Chosen on NAB's development half (of shares
 * from 0.1 to 0.4 the largest that follow nothing but lines), checked on its halves in turn and on synthetic lines at 15 s to
 * 1 h.
 */
const FEW = 5;
const ALIKE = 0.1;
const USUALLY_ALIKE = 0.25;
/** Share for a line that is followed already: with a smaller share the slope would come and go, and be a series of shifts. */
const STILL_ALIKE = 0.5;

/** Places, from the first number on. Local time at which the present day began; 0 values: it has not. */
const BEGUN = 0;
const COUNT = 1;
const MEAN = 2;
/** Mean of the last day that had values, and the number of days from that day to the present one; 0 days: no such day. */
const LAST = 3;
const AGE = 4;
/** Differences there have been, a multiple of `KEPT` less once they are many. */
const CAME = 5;
const SLOPE = 6;
const DIFFERENCES = 7;
/** A line goes no further, so that no sum overflows. */
const LARGEST = 1e300;

const sorted = new Float64Array(KEPT);
const distances = new Float64Array(KEPT);

/** A day that has begun, and the move of the line with that day. */
export interface DayBegun {
  /** Local time at which it began, ms. */
  localMs: number;
  /** Rise of the line since the last day began. */
  rise: number;
  /** New slope less the old one, a millisecond. */
  tilt: number;
  /** Whether there was no line before. */
  isNew: boolean;
  /** Whole days without a value before it. */
  skipped: number;
}
const begun: DayBegun = { localMs: 0.5, rise: 0.5, tilt: 0.5, isNew: false, skipped: 0.5 };

/**
 * The straight line that a series follows beside its days and weeks. Without `TrendOfDays` a series that rises steadily leaves
 * the range of each hour when a new day or week begins.
 *
 * The slope is the median of the last seven differences between the means of days; no daily cycle, weekend or single level
 * shift moves this median. The slope is 0 where the differences are not alike. The line is 0 where the present day began. The
 * state lies in a list of the caller, all 0 before the first value. Cost: O(1); O(7) a day.
 */
export class TrendOfDays {
  static readonly LENGTH = DIFFERENCES + KEPT;
  readonly #from: number;

  /** @param from Place of the first of `LENGTH` numbers. */
  constructor(from: number) {
    this.#from = from;
  }

  /**
   * Takes a value of a local time. @param x Within ±1e300.
   * @returns The day that begins with this value, if one does. One object for all series, good until the next call.
   */
  update(list: number[], localMs: number, x: number): Readonly<DayBegun> | undefined {
    const from = this.#from;
    const count = list[from + COUNT]!;
    const since = localMs - list[from + BEGUN]!;
    if (count > 0 && since < DAY_MS && since >= 0) {
      list[from + COUNT] = count + 1;
      list[from + MEAN]! += (x - list[from + MEAN]!) / (count + 1);
      return undefined;
    }
    const news = count > 0 ? this.#begin(list, Math.floor(since / DAY_MS)) : undefined;
    if (news === undefined) list[from + BEGUN] = Math.floor(localMs / HOUR_MS) * HOUR_MS;
    list[from + COUNT] = 1;
    list[from + MEAN] = x;
    return news;
  }

  /** The line at a local time. */
  at(list: readonly number[], localMs: number): number {
    const slope = list[this.#from + SLOPE]!;
    return slope === 0 ? 0 : within(slope * (localMs - list[this.#from + BEGUN]!), LARGEST);
  }

  /** Rise of the line a millisecond. */
  slope(list: readonly number[]): number {
    return list[this.#from + SLOPE]!;
  }

  /** Whether there have been days enough to tell a line. */
  isKnown(list: readonly number[]): boolean {
    return list[this.#from + CAME]! >= FEWEST;
  }

  /** Whether the list holds what `update` may have made. */
  isSound(list: ArrayLike<number>): boolean {
    const came = list[this.#from + CAME]!;
    return Number.isInteger(came) && came >= 0 && came < 2 * KEPT;
  }

  /** @param days That have ended; below 0 where the clock was set back. */
  #begin(list: number[], days: number): DayBegun {
    const from = this.#from;
    const slope = list[from + SLOPE]!;
    const age = list[from + AGE]!;
    if (age > 0 && days > 0) {
      const came = list[from + CAME]!;
      list[from + DIFFERENCES + (came % KEPT)] = (list[from + MEAN]! - list[from + LAST]!) / age;
      list[from + CAME] = came + 1 === 2 * KEPT ? KEPT : came + 1;
      list[from + SLOPE] = this.#slope(list);
    }
    list[from + LAST] = list[from + MEAN]!;
    list[from + AGE] = Math.max(0, days);
    list[from + BEGUN]! += days * DAY_MS;
    begun.localMs = list[from + BEGUN]!;
    begun.rise = within(slope * days * DAY_MS, LARGEST);
    begun.tilt = list[from + SLOPE]! - slope;
    begun.isNew = slope === 0;
    begun.skipped = Math.max(0, days - 1);
    return begun;
  }

  #slope(list: readonly number[]): number {
    const from = this.#from + DIFFERENCES;
    const count = Math.min(KEPT, list[this.#from + CAME]!);
    if (count < FEWEST) return 0;
    for (let i = 0; i < count; i++) sorted[i] = list[from + i]!;
    const median = medianOf(sorted.subarray(0, count));
    for (let i = 0; i < count; i++) distances[i] = Math.abs(list[from + i]! - median);
    const usual = medianOf(distances.subarray(0, count));
    const isFollowed = list[this.#from + SLOPE]! * median > 0;
    const share = isFollowed ? STILL_ALIKE : count < FEW ? ALIKE : USUALLY_ALIKE;
    const furthest = count < FEW ? distances[count - 1]! : usual;
    const isLine = furthest <= share * Math.abs(median);
    return isLine ? median / DAY_MS : 0;
  }
}

/** The median; `list` is sorted in place. */
function medianOf(list: Float64Array): number {
  list.sort();
  const middle = list.length >> 1;
  return list.length % 2 === 1 ? list[middle]! : list[middle - 1]! / 2 + list[middle]! / 2;
}
