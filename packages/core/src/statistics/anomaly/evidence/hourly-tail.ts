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

/** Days whose hours are remembered one by one, today's included, and those that are looked back on. */
const DAYS = 8;
const PAST_DAYS = 7;
const DAY_HOURS = 24;
/** What came on so many of the last days at about this hour is usual: by the days that there were. */
const USUAL_DAYS = [0, 0, 0, 3, 3, 4, 5, 5] as const;
/** The histogram is moved when the median of the hourly maxima has come so many bins from the anchor, and by how many. */
const HALF = 0.5;
const MOST_ABOVE = 16;
const MOST_BELOW = 12;
const MOVE = 12;
/** What the share of ties learns of an hour, at least. */
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
/** What the newest hour weighs: old ones lose weight as new ones weigh more. 0 before the first that is counted. */
const WEIGHT = 12;
/** The present hour, since 1970, local. */
const HOUR = 14;
/** 1 where the histogram has an anchor: an hour had a size. */
const ANCHORED = 13;
const NUMBERS = 15;
/** In place of what is usual at the hour, until somebody asks. */
const UNKNOWN = -1;
/** What most days had is asked for from this surprise on: most hours have none. */
const RARE = 1;
/** Weights are brought back to 1 beyond this: after 77 years of hours. */
const HEAVIEST = 1e250;

const bins = new Float64Array(BINS);
const law: TailLaw = { slope: 0.5, reference: 0.5, share: 0.5, most: 0.5 };
const days = new Float64Array(PAST_DAYS);

/** What a tail has to know of the hour that begins. */
export interface HourBegun {
  /** Hours since 1970, local, of the one that begins and of the one that is over. */
  readonly hour: number;
  readonly over: number;
  /** Hours from which on there is a law, 24 … 64. */
  readonly needed: number;
  /** What is left of an hour's weight after another, below 1. */
  readonly kept: number;
  /** Share of samples that repeat the one before, 0 … 1. */
  readonly repeats: number;
}

/** State of an `HourlyTail`. */
export interface HourlyTailSnapshot {
  numbers: Float64Array;
  /** Hours by bin, or before there is a law their maxima. */
  bins: Float64Array | null;
  /** The maximum of each hour of the last days. */
  hours: Float64Array | null;
}

/**
 * How surprising the sizes of one family of evidence are, by the hours that the series itself has had: see `drawLaw`.
 *
 * Hours of two weeks ago weigh half. What came at about the same hour on most of the last seven days (a nightly job) is less
 * surprising there. Silent until it has seen the hours that it needs.
 *
 * Cost: about 40 ns a sample, 1 µs when an hour begins; 150 bytes, and 1 KB more from the second hour on.
 */
export class HourlyTail {
  #numbers = doubles(NUMBERS, 0);
  #bins: number[] | undefined;
  #hours: number[] | undefined;

  /** Whether there is a law. */
  get isKnown(): boolean {
    return this.#numbers[MOST]! > 0;
  }

  /** −log10 of the share of hours with a size as large; 0 before there is a law. Takes the size. */
  take(size: number): number {
    const numbers = this.#numbers;
    if (size > numbers[LARGEST]!) numbers[LARGEST] = size;
    if (numbers[MOST]! === 0 || !(size > 0)) return 0;
    const surprise = surpriseOf(this.#law(), size);
    if (surprise <= RARE) return surprise;
    if (numbers[USUAL] === UNKNOWN) numbers[USUAL] = this.usualAt(numbers[HOUR]!);
    return Math.min(surprise, surpriseBeyond(this.#law(), size, numbers[USUAL]!));
  }

  /** What most of the last days had at about an hour (since 1970, local), by their largest of three hours; 0 while there are not enough days. */
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

  /** How surprising what most of the last days had at about an hour is at other hours; 0 where they had nothing. */
  usualSurpriseAt(hour: number): number {
    return this.isKnown ? surpriseOf(this.#law(), this.usualAt(hour)) : 0;
  }

  /** The size that one hour in ten passes; undefined where that is unknown. */
  get usualSize(): number | undefined {
    return this.isKnown ? sizeOf(this.#law(), 0.1) : undefined;
  }

  /** Ends an hour that had samples, and begins another. */
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
    // By whether there is a law: how many hours are needed changes with the series' interval.
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
    // Hours without samples had nothing.
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

  /** The first hours become a histogram about their median. */
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
    // Where less than half of the hours have a size there is no middle: it lies at the lowest bin's beginning.
    if (middle > MOST_ABOVE) this.#move(MOVE);
    else if (middle < -MOST_BELOW && middle > -ANCHOR_BIN) this.#move(-MOVE);
    else if (weight > HEAVIEST) this.#move(0);
  }

  /** Moves the histogram so that its middle is near the anchor, and makes the newest hour weigh 1. */
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

/** Place of an hour's maximum among those of eight days. */
const placeOf = (hour: number): number => ((hour % HOURS_OF_DAYS) + HOURS_OF_DAYS) % HOURS_OF_DAYS;
