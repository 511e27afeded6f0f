import { clampFinite, within } from "../clamp.ts";
import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import { halfDoubles, readHalf, writeHalf } from "../memory/half-doubles.ts";
import { bucketOf } from "./hour-bucket.ts";
import type { DayBegun } from "./trend-of-days.ts";

const HOUR_MS = 3_600_000;
const DAY = 24;
const PARTS = 42;
/** Hours of a part of the week. */
const PART = 4;
const WEEK = PARTS * PART;
/** Least weights of the latest day and of the latest week. */
const HOUR_RATE = 0.05;
const PART_RATE = 0.3;
/** 1970-01-01 was a Thursday: hours since the Monday before. */
const MONDAY = 72;

/** Places of the numbers of the state. Local hours since 1970: the first one, and the one that is being gathered. */
const FIRST = 0;
const CURRENT = 1;
const HOUR_SUM = 2;
const HOUR_COUNT = 3;
const PART_SUM = 4;
const PART_COUNT = 5;
const SUMS = 6;
/** From here on the hours of the day; NaN where none was seen. */
const HOURS_AT = SUMS;
const WHOLE = HOURS_AT + DAY;
/** From here on the parts of the week, in halves. */
const PARTS_AT = 2 * WHOLE;
const END = PARTS_AT + PARTS;
/** A half beyond this size marks a part that was never seen. */
const LARGEST = 1e307;
const UNSEEN = Number.MAX_VALUE;

/** State of a {@link WeeklyShape}: 6 numbers, from the second hour on 24 of the day, and 42 of the week in half the memory. */
export type WeeklyShapeSnapshot = Float64Array;

/**
 * The daily and weekly course of a series: a typical difference from the level for each of 24 hours, and for each part of four
 * hours of the week the difference of that part from the same hours of other days.
 *
 * An hour or part is learned when the hour or part is over, from differences to the expected value: no expected value rests
 * on the samples that are compared with that value. Cost: O(1); 450 bytes from the second hour on.
 */
export class WeeklyShape {
  #numbers = doubles(SUMS, 0);

  constructor() {
    this.#numbers[FIRST] = Number.NaN;
    this.#numbers[CURRENT] = Number.NaN;
  }

  /** Hours since the first value. */
  get ageHours(): number {
    const age = this.#numbers[CURRENT]! - this.#numbers[FIRST]!;
    return Number.isNaN(age) ? 0 : age;
  }

  /** Difference between the highest and the lowest hour of the day. Cost: O(24). */
  get dailyRange(): number {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const typical of this.#numbers.slice(HOURS_AT, WHOLE)) {
      if (typical < low) low = typical;
      if (typical > high) high = typical;
    }
    return high > low ? high - low : 0;
  }

  /** Typical difference from the level at this local time; NaN while that hour was never seen. */
  expected(localTimeMs: number): number {
    if (!this.#hasTable) return Number.NaN;
    const hour = Math.floor(localTimeMs / HOUR_MS);
    const typical = this.#numbers[hourPlace(hour)]!;
    const part = readHalf(this.#numbers, partPlace(hour));
    return part > LARGEST ? typical : clampFinite(typical + part);
  }

  /**
   * Takes the difference of a value to `expected`, or to the level while the hour was never seen.
   *
   * @param unusual Whether the series is unusual now: in that case only hours that were never seen are learned.
   */
  update(localTimeMs: number, difference: number, unusual: boolean): void {
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== this.#numbers[CURRENT]) this.#begin(hour, unusual);
    const numbers = this.#numbers;
    numbers[HOUR_SUM] = clampFinite(numbers[HOUR_SUM]! + difference);
    numbers[HOUR_COUNT]!++;
    // The differences of an hour that is new are levels.
    if (!this.#hasTable || Number.isNaN(numbers[hourPlace(hour)]!)) return;
    numbers[PART_SUM] = clampFinite(numbers[PART_SUM]! + difference);
    numbers[PART_COUNT]!++;
  }

  /** Keeps the hours of the day right when the slope of the line changes. The parts of the week need no change. */
  tilt({ localMs, tilt, skipped }: Readonly<DayBegun>): void {
    if (!this.#hasTable) return;
    const next = Math.floor(localMs / HOUR_MS);
    for (let age = 1; age <= DAY; age++) {
      const place = hourPlace(next - age);
      const moved = tilt * (age - 0.5 + skipped * DAY) * HOUR_MS;
      this.#numbers[place] = clampFinite(this.#numbers[place]! + moved);
    }
  }

  /** Removes from hours and parts a level shift by `moved` that began at `sinceLocalMs`. Cost: O(hours since). */
  unlearn(sinceLocalMs: number, moved: number): void {
    const numbers = this.#numbers;
    numbers.fill(0, HOUR_SUM, SUMS);
    if (!this.#hasTable) return;
    const current = numbers[CURRENT]!;
    const since = Math.max(Math.floor(sinceLocalMs / HOUR_MS), current - WEEK);
    for (let hour = since; hour < current; hour++) {
      const age = hour - numbers[FIRST]!;
      const place = hourPlace(hour);
      const share = Math.min(1, hour + 1 - sinceLocalMs / HOUR_MS);
      if (age < DAY) numbers[place] = clampFinite(numbers[place]! - share * moved);
      else if (bucketOf(hour + MONDAY, PART) === PART - 1) {
        const rate = age < WEEK + DAY ? 1 : PART_RATE;
        const part = readHalf(numbers, partPlace(hour));
        if (part <= LARGEST) this.#writePart(hour, part - rate * moved);
      }
    }
  }

  snapshot(): WeeklyShapeSnapshot {
    return Float64Array.from(this.#numbers);
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(numbers: WeeklyShapeSnapshot): WeeklyShape {
    const restored = new WeeklyShape();
    if (numbers.length > SUMS) restored.#numbers = halfDoubles(END);
    requireSnapshot(
      numbers.length === restored.#numbers.length &&
        numbers.subarray(HOUR_SUM, SUMS).every(Number.isFinite) &&
        numbers.subarray(WHOLE).every(Number.isFinite),
      "not the shape of a week",
    );
    for (let i = 0; i < numbers.length; i++) restored.#numbers[i] = numbers[i]!;
    return restored;
  }

  get #hasTable(): boolean {
    return this.#numbers.length > SUMS;
  }

  #begin(hour: number, unusual: boolean): void {
    if (Number.isNaN(this.#numbers[FIRST])) this.#numbers[FIRST] = hour;
    else this.#fold(unusual);
    const current = this.#numbers[CURRENT]!;
    if (Math.floor((hour + MONDAY) / PART) !== Math.floor((current + MONDAY) / PART))
      this.#foldPart(current);
    this.#numbers[CURRENT] = hour;
  }

  #fold(unusual: boolean): void {
    if (this.#numbers[HOUR_COUNT] === 0) return;
    if (!this.#hasTable) this.#makeTable();
    const numbers = this.#numbers;
    const difference = numbers[HOUR_SUM]! / numbers[HOUR_COUNT]!;
    numbers[HOUR_SUM] = numbers[HOUR_COUNT] = 0;
    const place = hourPlace(numbers[CURRENT]!);
    const known = numbers[place]!;
    if (Number.isNaN(known)) numbers[place] = difference;
    else if (!unusual) {
      const days = Math.floor(this.ageHours / DAY) + 1;
      numbers[place] = clampFinite(known + Math.max(HOUR_RATE, 1 / days) * difference);
    }
  }

  #makeTable(): void {
    const table = halfDoubles(END);
    for (let i = 0; i < SUMS; i++) table[i] = this.#numbers[i]!;
    table.fill(Number.NaN, HOURS_AT, WHOLE);
    for (let i = PARTS_AT; i < END; i++) writeHalf(table, i, UNSEEN);
    this.#numbers = table;
  }

  #foldPart(hour: number): void {
    const numbers = this.#numbers;
    const difference = numbers[PART_SUM]! / numbers[PART_COUNT]!;
    numbers[PART_SUM] = numbers[PART_COUNT] = 0;
    if (!this.#hasTable || !Number.isFinite(difference)) return;
    const known = readHalf(numbers, partPlace(hour));
    this.#writePart(hour, known > LARGEST ? difference : known + PART_RATE * difference);
  }

  #writePart(hour: number, part: number): void {
    writeHalf(this.#numbers, partPlace(hour), within(part, LARGEST));
  }
}

const hourPlace = (hour: number): number => HOURS_AT + bucketOf(hour, DAY);
const partPlace = (hour: number): number =>
  PARTS_AT + Math.floor(bucketOf(hour + MONDAY, WEEK) / PART);
