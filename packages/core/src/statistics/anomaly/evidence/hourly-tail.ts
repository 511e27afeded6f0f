import { requireSnapshot } from "../../errors.ts";
import { copiedDoubles, doubles } from "../../memory/doubles.ts";
import { halfDoubles, readHalf, writeHalf } from "../../memory/half-doubles.ts";
import { quarterDoubles, readQuarter, writeQuarter } from "../../memory/quarter-doubles.ts";
import { medianOf } from "../../quantile/median.ts";
import {
  ANCHOR_BIN,
  BINS,
  BINS_AN_OCTAVE,
  drawLaw,
  passedBy,
  sizeOf,
  surpriseBeyond,
  surpriseOf,
  type TailLaw,
} from "./tail-law.ts";

/** The maximum of each hour is kept for 8 days, today included; `usualAt` searches the 7 days before today. */
const DAYS = 8;
const PAST_DAYS = 7;
const DAY_HOURS = 24;
/** A size is usual at an hour if so many of the last days had at least this size; by the number of known days, 0 … 7. */
const USUAL_DAYS = [0, 0, 0, 3, 3, 4, 5, 5] as const;
/** The histogram moves by `MOVE` bins once the median of the hourly maxima is this many bins above or below the anchor. */
const HALF = 0.5;
const MOST_ABOVE = 16;
const MOST_BELOW = 12;
const MOVE = 12;
/** Least weight of the newest hour in the share of ties. */
const TIES_RATE = 0.02;
const TIE = 1e-9;

const HOURS_OF_DAYS = DAYS * DAY_HOURS;

/** Places of the numbers. */
const ENDED = 0;
const HOURS = 1;
const ANCHOR = 2;
const SLOPE = 3;
const REFERENCE = 4;
const SHARE = 5;
const MOST = 6;
const TIES = 7;
const LAST = 8;
const LARGEST = 9;
const USUAL = 10;
const FIRST_DAY = 11;
/** Weight of the newest hour. The weight grows with each hour, so that older hours need no update. 0 before the first counted hour. */
const WEIGHT = 12;
/** The present hour, since 1970, local. */
const HOUR = 14;
/** 1 once an hour had a size above 0, from which the histogram has an anchor. */
const ANCHORED = 13;
const NUMBERS = 15;
/** Marks that the usual size of the present hour is not computed yet. */
const UNKNOWN = -1;
/** `take` computes the usual size of the hour only above this surprise, which saves the cost in most hours. */
const RARE = 1;
/** Weights above this limit are rescaled to 1, which happens after 77 years of hours. */
const HEAVIEST = 1e250;

const bins = new Float64Array(BINS);
const law: TailLaw = { slope: 0.5, reference: 0.5, share: 0.5, most: 0.5 };
const days = new Float64Array(PAST_DAYS);

/** Input of `HourlyTail.beginHour`. */
export interface HourBegun {
  /** The hour that begins and the last hour with samples, in hours since 1970, local. */
  readonly hour: number;
  readonly over: number;
  /** Hours that the tail needs before it fits a law, 24 … 64. */
  readonly needed: number;
  /** Share of an hour's weight that remains one hour later, below 1. */
  readonly kept: number;
  /** Share of samples that equal the sample before, 0 … 1. */
  readonly repeats: number;
}

/** State of an `HourlyTail`. */
export interface HourlyTailSnapshot {
  numbers: Float64Array;
  /** Weight of the hours by bin; before the first law, the hourly maxima. */
  bins: Float64Array | null;
  /** The maximum of each hour of the last 8 days. */
  hours: Float64Array | null;
}

/**
 * Turns the sizes of one family of evidence into surprises, by the law of the series' own hourly maxima (`drawLaw`).
 *
 * Hours of two weeks ago have half weight. A size that came at about the same hour on most of the last seven days (a nightly job) is
 * less surprising at this hour. The surprise is 0 until the tail has seen `HourBegun.needed` hours.
 *
 * Cost: about 40 ns a sample, 1 µs when an hour begins; 150 bytes, and 1 KB more from the second hour on.
 */
export class HourlyTail {
  #numbers = doubles(NUMBERS, 0);
  #bins: number[] | undefined;
  #hours: number[] | undefined;

  /** Whether the tail has fitted a law. */
  get isKnown(): boolean {
    return this.#numbers[MOST]! > 0;
  }

  /** Counts a size for the present hour. @returns −log10 of the share of hours with at least this size; 0 before the first law. */
  take(size: number): number {
    const numbers = this.#numbers;
    if (size > numbers[LARGEST]!) numbers[LARGEST] = size;
    if (numbers[MOST]! === 0 || !(size > 0)) return 0;
    const surprise = surpriseOf(this.#law(), size);
    if (surprise <= RARE) return surprise;
    if (numbers[USUAL] === UNKNOWN) numbers[USUAL] = this.usualAt(numbers[HOUR]!);
    return Math.min(surprise, surpriseBeyond(this.#law(), size, numbers[USUAL]!));
  }

  /** The size that most of the last days had at about an hour (since 1970, local), within ±1 h; 0 while fewer than 3 days are known. */
  usualAt(hour: number): number {
    const hours = this.#hours!;
    const today = Math.floor(hour / DAY_HOURS);
    const known = Math.min(PAST_DAYS, today - this.#numbers[FIRST_DAY]!);
    const wanted = USUAL_DAYS[Math.max(0, known)]!;
    if (wanted === 0) return 0;
    for (let ago = 1; ago <= PAST_DAYS; ago++) {
      let largest = 0;
      for (let near = -1; near <= 1; near++)
        largest = Math.max(largest, readQuarter(hours, placeOf(hour - ago * DAY_HOURS + near)));
      days[ago - 1] = largest;
    }
    days.sort();
    return days[PAST_DAYS - wanted]!;
  }

  /** The surprise that the usual size of an hour would have at other hours; 0 if the usual size is 0. */
  usualSurpriseAt(hour: number): number {
    return this.isKnown ? surpriseOf(this.#law(), this.usualAt(hour)) : 0;
  }

  /** The size that one hour in ten passes; undefined before the first law. */
  get usualSize(): number | undefined {
    return this.isKnown ? sizeOf(this.#law(), 0.1) : undefined;
  }

  /** Learns the hour that ended, and begins the next hour with samples. */
  beginHour(begun: HourBegun): void {
    this.#bins ??= halfDoubles(BINS);
    this.#hours ??= quarterDoubles(HOURS_OF_DAYS);
    const numbers = this.#numbers;
    const largest = numbers[LARGEST]!;
    const ended = ++numbers[ENDED]!;
    if (ended === 1) numbers[FIRST_DAY] = Math.floor(begun.over / DAY_HOURS);
    this.#rememberHour(begun, largest);
    this.#followTies(largest, ended);
    numbers[LARGEST] = 0;
    // `needed` may change with the series' interval, so only `isKnown` says whether the bins hold a histogram.
    if (this.isKnown) this.#count(largest, begun.kept);
    else {
      writeHalf(this.#bins, ended - 1, largest);
      if (ended < begun.needed) return;
      this.#begin(ended, begun.kept);
    }
    this.#draw(begun.repeats);
    numbers[HOUR] = begun.hour;
    numbers[USUAL] = UNKNOWN;
  }

  snapshot(): HourlyTailSnapshot {
    return {
      numbers: Float64Array.from(this.#numbers),
      bins: this.#bins === undefined ? null : Float64Array.from(this.#bins),
      hours: this.#hours === undefined ? null : Float64Array.from(this.#hours),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ numbers, bins, hours }: HourlyTailSnapshot): HourlyTail {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "the tail of a family is damaged",
    );
    const restored = new HourlyTail();
    restored.#numbers = copiedDoubles([...numbers]);
    if (bins === null || hours === null) return restored;
    requireSnapshot(
      bins.length === BINS / 2 &&
        hours.length === HOURS_OF_DAYS / 4 &&
        [...bins, ...hours].every(Number.isFinite),
      "the hours of a family are damaged",
    );
    restored.#bins = copiedDoubles([...bins]);
    restored.#hours = copiedDoubles([...hours]);
    return restored;
  }

  #law(): TailLaw {
    const numbers = this.#numbers;
    law.slope = numbers[SLOPE]!;
    law.reference = numbers[REFERENCE]!;
    law.share = numbers[SHARE]!;
    law.most = numbers[MOST]!;
    return law;
  }

  #rememberHour({ hour, over }: HourBegun, largest: number): void {
    const hours = this.#hours!;
    writeQuarter(hours, placeOf(over), largest);
    // Hours without samples have size 0.
    const from = Math.max(over + 1, hour - HOURS_OF_DAYS + 1);
    for (let between = from; between <= hour; between++) writeQuarter(hours, placeOf(between), 0);
  }

  #followTies(largest: number, ended: number): void {
    if (largest === 0) return;
    const numbers = this.#numbers;
    const isTie = Math.abs(largest - numbers[LAST]!) <= TIE * largest;
    numbers[TIES]! += Math.max(TIES_RATE, 1 / ended) * ((isTie ? 1 : 0) - numbers[TIES]!);
    numbers[LAST] = largest;
  }

  /** Turns the maxima of the first hours into a histogram around their median. */
  #begin(ended: number, kept: number): void {
    const stored = this.#bins!;
    const first = Array.from({ length: ended }, (_, at) => readHalf(stored, at));
    for (let bin = 0; bin < BINS; bin++) writeHalf(stored, bin, 0);
    const sized = first.filter((largest) => largest > 0);
    if (sized.length > 0) this.#anchorAt(medianOf(sized));
    for (const largest of first) this.#count(largest, kept);
  }

  #anchorAt(size: number): void {
    this.#numbers[ANCHOR] = Math.log2(size);
    this.#numbers[ANCHORED] = 1;
  }

  #count(largest: number, kept: number): void {
    const numbers = this.#numbers;
    const stored = this.#bins!;
    numbers[WEIGHT] = numbers[WEIGHT] === 0 ? 1 : numbers[WEIGHT]! / kept;
    numbers[HOURS]! += numbers[WEIGHT]!;
    if (!(largest > 0)) return;
    if (numbers[ANCHORED] === 0) this.#anchorAt(largest);
    const octaves = Math.log2(largest) - numbers[ANCHOR]!;
    const bin = Math.floor(octaves * BINS_AN_OCTAVE) + ANCHOR_BIN;
    const place = Math.min(BINS - 1, Math.max(0, bin));
    writeHalf(stored, place, readHalf(stored, place) + numbers[WEIGHT]!);
  }

  #draw(repeats: number): void {
    const numbers = this.#numbers;
    const stored = this.#bins!;
    const weight = numbers[WEIGHT]!;
    for (let bin = 0; bin < BINS; bin++) bins[bin] = readHalf(stored, bin) / weight;
    const hours = numbers[HOURS]! / weight;
    const drawn = drawLaw(bins, hours, numbers[ANCHOR]!, numbers[TIES]!, repeats);
    numbers[SLOPE] = drawn.slope;
    numbers[REFERENCE] = drawn.reference;
    numbers[SHARE] = drawn.share;
    numbers[MOST] = drawn.most;
    const middle = passedBy(bins, HALF * hours) * BINS_AN_OCTAVE;
    // If less than half of the hours have a size above 0, `middle` is the beginning of the lowest bin and must move nothing.
    if (middle > MOST_ABOVE) this.#move(MOVE);
    else if (middle < -MOST_BELOW && middle > -ANCHOR_BIN) this.#move(-MOVE);
    else if (weight > HEAVIEST) this.#move(0);
  }

  /** Moves the histogram by so many bins, and rescales weights so that the newest hour has weight 1. */
  #move(by: number): void {
    const numbers = this.#numbers;
    numbers[ANCHOR]! += by / BINS_AN_OCTAVE;
    numbers[HOURS]! /= numbers[WEIGHT]!;
    numbers[WEIGHT] = 1;
    const moved = new Float64Array(BINS);
    bins.forEach((hours, bin) => {
      moved[Math.min(BINS - 1, Math.max(0, bin - by))]! += hours;
    });
    moved.forEach((hours, bin) => {
      writeHalf(this.#bins!, bin, hours);
    });
  }
}

const placeOf = (hour: number): number => ((hour % HOURS_OF_DAYS) + HOURS_OF_DAYS) % HOURS_OF_DAYS;
