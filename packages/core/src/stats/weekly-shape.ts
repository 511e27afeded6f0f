import { clampFinite } from "./clamp.ts";
import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

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

/** State of a {@link WeeklyShape}. */
export interface WeeklyShapeSnapshot {
  /** 24 hours and 42 parts, NaN where none was seen; empty before the first hour is over. */
  readonly table: Float64Array;
  /** Local hours since 1970: the first one, and the one that is being gathered. */
  readonly first: number;
  readonly hour: number;
  /** Sum and count of the hour, then of the part. */
  readonly sums: Float64Array;
}

/**
 * What a series does in the course of a day and of a week: 24 hours, and for each four hours of the week by how much
 * these differ from the same hours of other days.
 *
 * It learns from differences to what was expected, each hour and part when it is over: what is expected of one never
 * rests on itself. Cost: O(1); 600 bytes from the second hour on.
 */
export class WeeklyShape {
  /** Hours of the day, then parts of the week; NaN where none was seen. */
  #table: number[] | undefined;
  #first = Number.NaN;
  #hour = Number.NaN;
  #hourSum = 0;
  #hourCount = 0;
  #partSum = 0;
  #partCount = 0;

  /** Hours since the first value. */
  get ageHours(): number {
    return Number.isNaN(this.#first) ? 0 : this.#hour - this.#first;
  }

  /** Difference between the highest and the lowest hour of the day. Cost: O(24). */
  get dailyRange(): number {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const typical of this.#table?.slice(0, DAY) ?? []) {
      if (typical < low) low = typical;
      if (typical > high) high = typical;
    }
    return high > low ? high - low : 0;
  }

  /** Typical difference from the level at this local time; NaN while that hour was never seen. */
  expected(localTimeMs: number): number {
    const table = this.#table;
    if (table === undefined) return Number.NaN;
    const hour = Math.floor(localTimeMs / HOUR_MS);
    const part = table[DAY + partOf(hour)]!;
    return Number.isNaN(part) ? table[hourOf(hour)]! : clampFinite(table[hourOf(hour)]! + part);
  }

  /**
   * Takes the difference of a value to what was expected, or to the level where nothing was.
   *
   * @param unusual Whether the series is unlike itself now: then only hours that were never seen are learned.
   */
  update(localTimeMs: number, difference: number, unusual: boolean): void {
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== this.#hour) {
      if (Number.isNaN(this.#first)) this.#first = hour;
      else this.#fold(unusual);
      if (Math.floor((hour + MONDAY) / PART) !== Math.floor((this.#hour + MONDAY) / PART))
        this.#foldPart();
      this.#hour = hour;
    }
    this.#hourSum = clampFinite(this.#hourSum + difference);
    this.#hourCount++;
    // The differences of an hour that is new are levels.
    if (this.#table === undefined || Number.isNaN(this.#table[hourOf(hour)]!)) return;
    this.#partSum = clampFinite(this.#partSum + difference);
    this.#partCount++;
  }

  /** Takes back what was learned from a level that had moved since a local time. Cost: O(hours since). */
  unlearn(sinceLocalMs: number, moved: number): void {
    this.#hourSum = this.#hourCount = this.#partSum = this.#partCount = 0;
    const table = this.#table;
    if (table === undefined) return;
    const since = Math.max(Math.floor(sinceLocalMs / HOUR_MS), this.#hour - WEEK);
    for (let hour = since; hour < this.#hour; hour++) {
      const age = hour - this.#first;
      if (age < DAY) table[hourOf(hour)] = clampFinite(table[hourOf(hour)]! - moved);
      else if (modulo(hour + MONDAY, PART) === PART - 1) {
        const place = DAY + partOf(hour);
        const rate = age < WEEK + DAY ? 1 : PART_RATE;
        table[place] = clampFinite(table[place]! - rate * moved);
      }
    }
  }

  snapshot(): WeeklyShapeSnapshot {
    return {
      table: Float64Array.from(this.#table ?? []),
      first: this.#first,
      hour: this.#hour,
      sums: Float64Array.of(this.#hourSum, this.#hourCount, this.#partSum, this.#partCount),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ table, first, hour, sums }: WeeklyShapeSnapshot): WeeklyShape {
    requireSnapshot(
      table.length === 0 || table.length === DAY + PARTS,
      "a week has 24 hours and 42 parts",
    );
    requireSnapshot(sums.length === 4 && sums.every(Number.isFinite), "a sum is not finite");
    const restored = new WeeklyShape();
    if (table.length > 0) {
      const numbers = doubles(DAY + PARTS, Number.NaN);
      for (let i = 0; i < numbers.length; i++) numbers[i] = table[i]!;
      restored.#table = numbers;
    }
    restored.#first = first;
    restored.#hour = hour;
    restored.#hourSum = sums[0]!;
    restored.#hourCount = sums[1]!;
    restored.#partSum = sums[2]!;
    restored.#partCount = sums[3]!;
    return restored;
  }

  #fold(unusual: boolean): void {
    if (this.#hourCount === 0) return;
    const difference = this.#hourSum / this.#hourCount;
    this.#hourSum = this.#hourCount = 0;
    this.#table ??= doubles(DAY + PARTS, Number.NaN);
    const place = hourOf(this.#hour);
    const known = this.#table[place]!;
    if (Number.isNaN(known)) this.#table[place] = difference;
    else if (!unusual) {
      const days = Math.floor(this.ageHours / DAY) + 1;
      this.#table[place] = clampFinite(known + Math.max(HOUR_RATE, 1 / days) * difference);
    }
  }

  #foldPart(): void {
    const difference = this.#partSum / this.#partCount;
    this.#partSum = this.#partCount = 0;
    if (this.#table === undefined || !Number.isFinite(difference)) return;
    const place = DAY + partOf(this.#hour);
    const known = this.#table[place]!;
    this.#table[place] = Number.isNaN(known)
      ? difference
      : clampFinite(known + PART_RATE * difference);
  }
}

const hourOf = (hour: number): number => modulo(hour, DAY);
const partOf = (hour: number): number => Math.floor(modulo(hour + MONDAY, WEEK) / PART);
const modulo = (x: number, y: number): number => ((x % y) + y) % y;
