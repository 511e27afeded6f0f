import { medianOf } from "../quantile/median.ts";

/** Samples of a group: the median of three stands one outlier. */
const GROUP = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/**
 * Units that each group of a run is off, and all of them in the mean: a shift by two deviations of white noise comes to five.
 * Chosen on kpi and synthetic shifts, checked on wsd and cloud; from 4 to 5 these have the same false changes but for one.
 */
const EACH = 2;
const LARGE = 4.5;
/**
 * How long a run lasts, in time and in samples: at one sample a minute as long as when blocks had twelve, at one in five minutes
 * for six hours. Chosen on synthetic shifts, checked on kpi, wsd and cloud: from 60 to 84 they have the same false changes but for one.
 */
const LASTS_MS = 0.75 * HOUR_MS;
const SAMPLES = 72;
/** A run must come to so many times the largest in so long. Chosen on kpi, checked on wsd: with 0 they have 1.6 and 2.6 times the false changes. */
const LARGER = 2;
const REMEMBERED_MS = 30 * DAY_MS;
/** A run counts for at most this many units, so that one burst does not silence what follows. */
const MOST = 8;
/** A run that was not told by then may still be a change, but is not a sudden one. */
const YOUNG_MS = 10 * HOUR_MS;
/** Share of the mean that a settled run rises at most from end to end, beside so many units of chance. */
const RISE_SHARE = 0.3;
const RISE_UNITS = 2;
/** Share of it that the blocks before had at most: those of a drift had much. */
const PRIOR = 0.35;
/**
 * While nothing is known of the day, a run must be of so many units, last for so long and so many samples, and follow on so many.
 * Chosen on synthetic days of two levels: one at a sample a minute may be told, one at a sample in five minutes is not. Checked on
 * kpi, wsd and cloud: no first day of theirs has one.
 */
const FIRST_DAY_LARGE = 10;
const FIRST_DAY_MS = 3 * HOUR_MS;
const FIRST_DAY_SAMPLES = 102;
const FIRST_DAY_BEFORE = 144;

/** Places, from the first number on. Samples of the group that is being gathered, and the time and local time of its first. */
const GATHERED = 0;
const GROUP_AT = 1;
const GROUP_LOCAL_AT = 2;
/** Of the run of groups on one side: side (0: none), times of its beginning, groups after the first, their sum, and sum by rank. */
const SIDE = 3;
const RUN_AT = 4;
const RUN_LOCAL_AT = 5;
const COUNT = 6;
const SUM = 7;
const MOMENT = 8;
/** Mean deviation of the last blocks before the run. */
const BEFORE = 9;
/** The largest run that ended, in units and milliseconds, and when. */
const LARGEST = 10;
const LARGEST_AT = 11;
/** Samples that came, and how many of them before the run. */
const CAME = 12;
const CAME_BEFORE = 13;
const SAMPLES_AT = 14;

const group = new Array<number>(GROUP).fill(0.5);

/**
 * A shift that is large against what a series' blocks do to one another: told within an hour or two, where a small one must last
 * for eight.
 *
 * A run of medians of three samples, each off the level to the same side and together by 4.5 units, that began at once and
 * has settled, is one after 72 samples and three quarters of an hour. A series whose runs use to end, as incidents do, needs
 * longer ones: twice the largest of the last 30 days, in units times time. It lies in a list of numbers that the caller has
 * beside other state, all 0 before the first sample. Cost: O(1).
 */
export class SuddenShift {
  static readonly LENGTH = SAMPLES_AT + GROUP;
  readonly #from: number;

  /** @param from Place of the first of `LENGTH` numbers. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Counts a sample, one that is not looked at too. */
  count(list: number[]): void {
    list[this.#from + CAME]! += 1;
  }

  /**
   * Takes a sample's deviation from the level.
   *
   * @returns The median of the group that it ends; NaN where it ends none.
   */
  take(list: number[], timeMs: number, localMs: number, deviation: number): number {
    const from = this.#from;
    const gathered = list[from + GATHERED]!;
    if (gathered === 0) {
      list[from + GROUP_AT] = timeMs;
      list[from + GROUP_LOCAL_AT] = localMs;
    }
    list[from + SAMPLES_AT + gathered] = deviation;
    list[from + GATHERED] = (gathered + 1) % GROUP;
    if (gathered + 1 < GROUP) return Number.NaN;
    for (let i = 0; i < GROUP; i++) group[i] = list[from + SAMPLES_AT + i]!;
    return medianOf(group);
  }

  /**
   * Takes the median of the group that has just ended.
   *
   * @param unit Deviation of blocks of an hour, as long as nothing happens.
   * @param before Mean deviation of the last blocks.
   */
  follow(list: number[], median: number, unit: number, before: number): void {
    const from = this.#from;
    const side = Math.abs(median) > EACH * unit ? Math.sign(median) : 0;
    if (side !== list[from + SIDE]!) {
      if (list[from + SIDE] !== 0) this.#remember(list, list[from + GROUP_AT]!, unit);
      list[from + SIDE] = side;
      list[from + RUN_AT] = list[from + GROUP_AT]!;
      list[from + RUN_LOCAL_AT] = list[from + GROUP_LOCAL_AT]!;
      list[from + COUNT] = list[from + SUM] = list[from + MOMENT] = 0;
      list[from + BEFORE] = before;
      list[from + CAME_BEFORE] = list[from + CAME]!;
    } else if (side !== 0) {
      // A run's first group may lie across its beginning.
      const rank = list[from + COUNT]! + 1;
      list[from + COUNT] = rank;
      list[from + SUM]! += median;
      list[from + MOMENT]! += rank * median;
    }
  }

  /**
   * By how much the level has shifted; 0 as long as it has not been told from an incident.
   *
   * @param isFirstDay Whether nothing is known of the day.
   */
  moved(list: readonly number[], timeMs: number, unit: number, isFirstDay: boolean): number {
    const from = this.#from;
    const count = list[from + COUNT]!;
    if (!this.isYoung(list, timeMs) || count < 2) return 0;
    const lasted = timeMs - list[from + RUN_AT]!;
    const samples = list[from + CAME]! - list[from + CAME_BEFORE]!;
    if (lasted < (isFirstDay ? FIRST_DAY_MS : LASTS_MS)) return 0;
    if (samples < (isFirstDay ? FIRST_DAY_SAMPLES : SAMPLES)) return 0;
    if (isFirstDay && list[from + CAME_BEFORE]! < FIRST_DAY_BEFORE) return 0;
    if (this.#sizeOf(list, timeMs, unit) < LARGER * this.#largest(list, timeMs)) return 0;
    const [sum, moment] = [list[from + SUM]!, list[from + MOMENT]!];
    const mean = sum / count;
    // Least squares: the slope a group, times the groups between the first and the last.
    const rise = (6 * (2 * moment - (count + 1) * sum)) / (count * (count + 1));
    const isSettled = Math.abs(rise) <= RISE_SHARE * Math.abs(mean) + RISE_UNITS * unit;
    if (!isSettled || !(list[from + BEFORE]! / mean <= PRIOR)) return 0;
    return Math.abs(mean) >= (isFirstDay ? FIRST_DAY_LARGE : LARGE) * unit ? mean : 0;
  }

  /** Whether there is a run that may yet be told. */
  isYoung(list: readonly number[], timeMs: number): boolean {
    return list[this.#from + SIDE] !== 0 && timeMs - list[this.#from + RUN_AT]! <= YOUNG_MS;
  }

  /** Time and local time at which the run began. */
  runAt(list: readonly number[]): number {
    return list[this.#from + RUN_AT]!;
  }
  runLocalAt(list: readonly number[]): number {
    return list[this.#from + RUN_LOCAL_AT]!;
  }

  /** The run has been told: the next must be larger, so that a series that comes and goes is told a few times and not each time. */
  told(list: number[], timeMs: number, unit: number): void {
    this.#remember(list, timeMs, unit);
  }

  /** Levels have moved: what was gathered from the former ones says nothing. */
  end(list: number[]): void {
    list[this.#from + SIDE] = 0;
    list[this.#from + GATHERED] = 0;
  }

  /** Levels are told from something else from now on: runs that ended before say nothing either. */
  forget(list: number[]): void {
    this.end(list);
    list[this.#from + LARGEST] = 0;
  }

  #remember(list: number[], endMs: number, unit: number): void {
    const size = this.#sizeOf(list, endMs, unit);
    if (size < this.#largest(list, endMs)) return;
    list[this.#from + LARGEST] = size;
    list[this.#from + LARGEST_AT] = endMs;
  }

  #largest(list: readonly number[], timeMs: number): number {
    const from = this.#from;
    return timeMs - list[from + LARGEST_AT]! > REMEMBERED_MS ? 0 : list[from + LARGEST]!;
  }

  /** Units times milliseconds. */
  #sizeOf(list: readonly number[], endMs: number, unit: number): number {
    const from = this.#from;
    const mean = Math.abs(list[from + SUM]!) / Math.max(1, list[from + COUNT]!);
    const units = mean < MOST * unit ? mean / unit : MOST;
    return units * (endMs - list[from + RUN_AT]!);
  }
}
