import { medianOf } from "../quantile/median.ts";

/** Samples per group: the median of three tolerates one outlier. */
const GROUP = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/**
 * Least deviation, in units, of each group of a run (`EACH`) and of their mean (`LARGE`): a shift by two standard deviations of white
 * noise is 5 units. Chosen on kpi and synthetic shifts, checked on wsd and cloud, where values from 4 to 5 differ by one false change.
 */
const EACH = 2;
const LARGE = 4.5;
/**
 * Least duration of a run, in time and in samples: 72 samples take 1.2 h at one sample per minute, and 6 h at one sample in five
 * minutes. Chosen on synthetic shifts, checked on kpi, wsd and cloud, where values from 60 to 84 samples differ by one false change.
 */
const LASTS_MS = 0.75 * HOUR_MS;
const SAMPLES = 72;
/**
 * A run must be twice as large as the largest run that ended in the last 30 days. Chosen on kpi, checked on wsd: with 0 instead of 2,
 * kpi and wsd have 1.6 and 2.6 times the false changes.
 */
const LARGER = 2;
const REMEMBERED_MS = 30 * DAY_MS;
/** Upper limit of a run's mean in units, so that one burst does not hide later shifts. */
const MOST = 8;
/** A run that is older than 10 h can no longer be a sudden shift, but can still be a change. */
const YOUNG_MS = 10 * HOUR_MS;
/** A settled run rises from end to end by at most 0.3 of its mean plus 2 units, the allowance for chance. */
const RISE_SHARE = 0.3;
const RISE_UNITS = 2;
/** Largest share of the mean in the blocks before the run: the blocks before a drift have more. */
const PRIOR = 0.35;
/**
 * While the day is unknown, the limits are stricter: least mean in units, least duration, least samples of the run, least samples
 * before the run. Chosen on synthetic days of two levels: at one sample per minute a shift may be reported, at one sample in five minutes
 * none is. Checked on kpi, wsd and cloud: no first day there has a shift.
 */
const FIRST_DAY_LARGE = 10;
const FIRST_DAY_MS = 3 * HOUR_MS;
const FIRST_DAY_SAMPLES = 102;
const FIRST_DAY_BEFORE = 144;

/** Places relative to the first number. The present group: number of samples, time and local time of its first sample. */
const GATHERED = 0;
const GROUP_AT = 1;
const GROUP_LOCAL_AT = 2;
/** The run of groups on one side: side (0: no run), its beginning, groups after the first, their sum, and sum of rank · median. */
const SIDE = 3;
const RUN_AT = 4;
const RUN_LOCAL_AT = 5;
const COUNT = 6;
const SUM = 7;
const MOMENT = 8;
/** Mean deviation of the last blocks before the run. */
const BEFORE = 9;
/** Size of the largest ended run, in units · ms, and the time of its end. */
const LARGEST = 10;
const LARGEST_AT = 11;
/** Number of samples so far, and at the beginning of the run. */
const CAME = 12;
const CAME_BEFORE = 13;
const SAMPLES_AT = 14;

const group = new Array<number>(GROUP).fill(0.5);

/**
 * Detects a shift that is large against the deviation of a series' blocks within an hour or two; a small shift needs at least eight.
 *
 * A sudden shift is a run of groups (medians of three samples) that are all off the level to the same side, by 4.5 units in the mean,
 * with an abrupt beginning and a settled level, after at least 72 samples and 45 min. On a series with runs that ended, such as
 * incidents, the run must also be twice as large as the largest ended run of the last 30 days, in units · ms.
 *
 * The state lies in a list of the caller, all 0 before the first sample. Cost: O(1).
 */
export class SuddenShift {
  static readonly LENGTH = SAMPLES_AT + GROUP;
  readonly #from: number;

  /** @param from Place of the first of `LENGTH` numbers. */
  constructor(from: number) {
    this.#from = from;
  }

  /** Counts every sample, also a sample that the detector skips. */
  count(list: number[]): void {
    list[this.#from + CAME]! += 1;
  }

  /**
   * Takes a sample's deviation from the level.
   *
   * @returns The median of the group, if the sample completes a group; otherwise NaN.
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
   * Continues, ends or begins a run with the median of a complete group.
   *
   * @param unit See `unitOf`.
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
      // The first group is left out of the sums, because it may contain samples from before the shift.
      const rank = list[from + COUNT]! + 1;
      list[from + COUNT] = rank;
      list[from + SUM]! += median;
      list[from + MOMENT]! += rank * median;
    }
  }

  /**
   * The shift of the level; 0 while the run may still be an incident.
   *
   * @param isFirstDay Whether the shape of the day is unknown.
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
    // Least squares: slope per group, times the number of groups from the first to the last.
    const rise = (6 * (2 * moment - (count + 1) * sum)) / (count * (count + 1));
    const isSettled = Math.abs(rise) <= RISE_SHARE * Math.abs(mean) + RISE_UNITS * unit;
    if (!isSettled || !(list[from + BEFORE]! / mean <= PRIOR)) return 0;
    return Math.abs(mean) >= (isFirstDay ? FIRST_DAY_LARGE : LARGE) * unit ? mean : 0;
  }

  /** Whether there is a run that can still become a sudden shift. */
  isYoung(list: readonly number[], timeMs: number): boolean {
    return list[this.#from + SIDE] !== 0 && timeMs - list[this.#from + RUN_AT]! <= YOUNG_MS;
  }

  /** Beginning of the run, ms. */
  runAt(list: readonly number[]): number {
    return list[this.#from + RUN_AT]!;
  }
  runLocalAt(list: readonly number[]): number {
    return list[this.#from + RUN_LOCAL_AT]!;
  }

  /** Remembers the size of a reported run, so that a series that switches between two levels is reported a few times only. */
  told(list: number[], timeMs: number, unit: number): void {
    this.#remember(list, timeMs, unit);
  }

  /** Discards the run and the present group, which were measured from the old level. */
  end(list: number[]): void {
    list[this.#from + SIDE] = 0;
    list[this.#from + GATHERED] = 0;
  }

  /** Discards the run, the group and the largest ended run, because levels get a new meaning. */
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

  /** Size of the run in units · ms. */
  #sizeOf(list: readonly number[], endMs: number, unit: number): number {
    const from = this.#from;
    const mean = Math.abs(list[from + SUM]!) / Math.max(1, list[from + COUNT]!);
    const units = mean < MOST * unit ? mean / unit : MOST;
    return units * (endMs - list[from + RUN_AT]!);
  }
}
