import { clamp } from "../clamp.ts";
import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import { readHalf, writeHalfDown, writeHalfUp } from "../memory/half-doubles.ts";

/**
 * A block has so many points at least and lasts so long at least, and so many are kept: the horizon is 5 to 6 blocks, of a fast
 * series 15 days. By points alone a series at one sample a minute would forget a working week's records by its end. Chosen on NAB's
 * development half, checked on kpi, wsd and cloud.
 */
const BLOCK_POINTS = 1_000;
const BLOCK_MS = 3 * 86_400_000;
const MAX_BLOCKS = 6;
/** An excess is counted up to here, so that one absurd value does not outweigh all agreement. */
const MAX_EXCESS = 5;
/** A value far outside widens its range by at most so many ranges. */
const WIDENING = 2;
/** Differences below this share of a bound's own size are rounding errors. */
const ROUNDING = 1e-9;
/** Ends of a range that has none: lower above upper, and beyond what a value may be. */
const NONE = Number.MAX_VALUE;
const MOST = 1.7e308;

/** State of a `RangeMemory`. */
export interface RangeMemorySnapshot {
  points: number;
  /** Points of the current block, and the time of its first, ms. */
  in_block: number;
  begun_at: number;
  /** Lower ends of the views' ranges, then upper ends. */
  bounds: Float64Array;
  /** The same of the current block, then the ranges of those before, packed. */
  blocks: Float64Array;
}

/**
 * The range that each of several views of a series has had over its last 5,000 points, or fifteen days where those are shorter.
 *
 * Kept as the minimum and maximum of blocks of 1,000 points and three days at least. A value far outside widens its range by a bounded step, so that
 * one absurd value does not blind a view: the same value again still stands out, until it has become usual.
 *
 * Memory: 16 bytes a view; from the second block on 16 more, and 8 for each block that has ended, up to 5. The ranges of
 * those are rounded outward, to 20 significant bits. Cost: O(1) a view and point; O(6) where a range is left.
 */
export class RangeMemory {
  /** Lower ends of the views' ranges over all blocks, then upper ends; lower above upper before the first point. */
  readonly #bounds: number[];
  /**
   * The same of the current block, then of each block before, the newest first, in halves: a lower end beside its upper
   * one. Until the first block ends, the bounds themselves.
   */
  #blocks: number[];
  #points = 0;
  #inBlock = 0;
  #begunAt = 0;

  constructor(views: number) {
    this.#bounds = doubles(2 * views, NONE);
    this.#bounds.fill(-NONE, views);
    this.#blocks = this.#bounds;
  }

  get views(): number {
    return this.#bounds.length >> 1;
  }

  /** Points remembered since the beginning. */
  get points(): number {
    return this.#points;
  }

  /** Lower end of a view's range over all blocks. */
  lowOf(view: number): number {
    return this.#bounds[view]!;
  }

  /** Upper end. */
  highOf(view: number): number {
    return this.#bounds[this.views + view]!;
  }

  /** Lower end of a view's range in the current block: a value from here to `currentHigh` has no excess and moves nothing. */
  currentLow(view: number): number {
    return this.#blocks[view]!;
  }

  currentHigh(view: number): number {
    return this.#blocks[this.views + view]!;
  }

  /** Whether no point has come to the current block yet. */
  get beginsBlock(): boolean {
    return this.#inBlock === 0;
  }

  /**
   * Compares a view's new value with its range, then takes it in.
   *
   * A record counts less where records use to be far apart: what the range's end lies beyond the mean of the
   * blocks' own ends is added to the range that it is measured by.
   *
   * @param view 0 … views − 1. @param x Within ±1.7e308; what is beyond counts as that.
   * @param floor Least range to measure by, unit of the view, ≥ 0.
   * @returns Distance outside the range over the range (at least `floor`), 0 inside, at most 5; 0 at the first point.
   */
  excess(view: number, x: number, floor: number): number {
    const low = this.#bounds[view]!;
    const high = this.#bounds[this.views + view]!;
    if (x <= high && x >= low) {
      const blocks = this.#blocks;
      if (x < blocks[view]!) blocks[view] = x;
      if (x > blocks[view + this.views]!) blocks[view + this.views] = x;
      return 0;
    }
    return this.#widen(view, clamp(x, -MOST, MOST), low, high, floor);
  }

  /** Ends a point, after `excess` was called for each view that has a value. @param timeMs Its time, never before the last one's. */
  advance(timeMs: number): void {
    if (this.#inBlock === 0) this.#begunAt = timeMs;
    this.#points++;
    this.#inBlock++;
    if (this.#inBlock < BLOCK_POINTS || timeMs - this.#begunAt < BLOCK_MS) return;
    this.#inBlock = 0;
    this.#beginBlock();
  }

  snapshot(): RangeMemorySnapshot {
    return {
      points: this.#points,
      in_block: this.#inBlock,
      begun_at: this.#begunAt,
      bounds: Float64Array.from(this.#bounds),
      blocks: Float64Array.from(this.#blocks),
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(
    views: number,
    { points, in_block, begun_at, bounds, blocks }: RangeMemorySnapshot,
  ): RangeMemory {
    requireSnapshot(
      [points, in_block].every((count) => Number.isSafeInteger(count) && count >= 0) &&
        Number.isFinite(begun_at),
      "points out of range",
    );
    const ended = blocks.length / views - 2;
    requireSnapshot(
      bounds.length === 2 * views && Number.isInteger(ended) && ended >= 0 && ended < MAX_BLOCKS,
      "wrong number of blocks",
    );
    requireSnapshot(
      bounds.every(Number.isFinite) && blocks.every(Number.isFinite),
      "a range is not finite",
    );
    const restored = new RangeMemory(views);
    restored.#points = points;
    restored.#inBlock = in_block;
    restored.#begunAt = begun_at;
    for (let at = 0; at < bounds.length; at++) restored.#bounds[at] = bounds[at]!;
    if (ended > 0) restored.#blocks = doubles(blocks.length, 0);
    for (let at = 0; at < blocks.length; at++) restored.#blocks[at] = blocks[at]!;
    return restored;
  }

  #widen(view: number, x: number, low: number, high: number, floor: number): number {
    const { views } = this;
    if (low > high) {
      this.#take(view, x);
      this.#take(view + views, x);
      return 0;
    }
    const above = x > high;
    const distance = above ? x - high : low - x;
    const reach = Math.max(high - low, floor);
    const measure = reach + this.#spreadOfEnds(view, above);
    this.#take(above ? view + views : view, this.#confined(x, low, high, WIDENING * reach));
    if (distance <= ROUNDING * Math.max(Math.abs(low), Math.abs(high))) return 0;
    // Out of a constant, the step itself is the only measure.
    return measure > 0 ? Math.min(MAX_EXCESS, distance / measure) : 1;
  }

  #confined(x: number, low: number, high: number, most: number): number {
    return most > 0 ? Math.min(high + most, Math.max(low - most, x)) : x;
  }

  /** Takes a new end of a range into the current block. @param end View, or views + view for an upper end. */
  #take(end: number, x: number): void {
    const { views } = this;
    const blocks = this.#blocks;
    const view = end % views;
    this.#bounds[end] = x;
    blocks[end] = x;
    if (blocks[view]! > x) blocks[view] = x;
    if (blocks[view + views]! < x) blocks[view + views] = x;
  }

  /** How far the range's end lies beyond the mean end of the blocks; 0 while there are fewer than two. */
  #spreadOfEnds(view: number, above: boolean): number {
    const from = above ? view + this.views : view;
    let sum = 0;
    let count = 0;
    for (let age = 0; age <= this.#ended; age++) {
      const end =
        age === 0 ? this.#blocks[from]! : readHalf(this.#blocks, this.#half(view, age, above));
      if (Math.abs(end) > MOST) continue;
      sum += end / MAX_BLOCKS;
      count++;
    }
    return count < 2 ? 0 : Math.abs(this.#bounds[from]! - (sum * MAX_BLOCKS) / count);
  }

  /** Blocks kept that have ended. */
  get #ended(): number {
    return this.#blocks.length / this.views - 2;
  }

  /** Place of an end of a block that ended `age` blocks ago. */
  #half(view: number, age: number, above: boolean): number {
    return 2 * (this.views * (age + 1) + view) + (above ? 1 : 0);
  }

  #beginBlock(): void {
    const { views } = this;
    const before = this.#blocks;
    const ended = Math.min(MAX_BLOCKS - 1, this.#ended + 1);
    const blocks = doubles(views * (2 + ended), NONE);
    this.#blocks = blocks;
    for (let view = 0; view < views; view++) {
      blocks[views + view] = -NONE;
      writeHalfDown(blocks, this.#half(view, 1, false), before[view]!);
      writeHalfUp(blocks, this.#half(view, 1, true), before[views + view]!);
    }
    for (let at = 2 * views; at < views * (1 + ended); at++) blocks[views + at] = before[at]!;
    this.#combine();
  }

  #combine(): void {
    const { views } = this;
    for (let view = 0; view < views; view++) {
      let low = this.#blocks[view]!;
      let high = this.#blocks[views + view]!;
      for (let age = 1; age <= this.#ended; age++) {
        low = Math.min(low, readHalf(this.#blocks, this.#half(view, age, false)));
        high = Math.max(high, readHalf(this.#blocks, this.#half(view, age, true)));
      }
      this.#bounds[view] = low;
      this.#bounds[views + view] = high;
    }
  }
}
