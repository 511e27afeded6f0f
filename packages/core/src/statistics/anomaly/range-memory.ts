import { clamp } from "../clamp.ts";
import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import { readHalf, writeHalfDown, writeHalfUp } from "../memory/half-doubles.ts";

/**
 * A block has at least 1,000 points and lasts at least 3 days. Six blocks are kept, so the horizon is 5 to 6 blocks, at least 15 days.
 * With a limit of points only, a series at one sample per minute would forget a working week's records before the week ends. Chosen on
 * NAB's development half, checked on kpi, wsd and cloud.
 */
const BLOCK_POINTS = 1_000;
const BLOCK_MS = 3 * 86_400_000;
const MAX_BLOCKS = 6;
/** Upper limit of an excess, so that one extreme value of one view does not outweigh the agreement of several views. */
const MAX_EXCESS = 5;
/** One value widens its range by at most twice the range. */
const WIDENING = 2;
/** A difference below this share of the bound counts as a rounding error. */
const ROUNDING = 1e-9;
/** Ends of an empty range: the lower end is above the upper one, and both lie beyond `MOST`, the largest value of a view. */
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
  /** The bounds of the current block, then the ranges of the blocks before, packed in halves. */
  blocks: Float64Array;
}

/**
 * Remembers the range of each view of a series over its last 5,000 points, or over fifteen days if 5,000 points are shorter.
 *
 * The state is the minimum and maximum of blocks of at least 1,000 points and three days. A value far outside widens its range by a
 * bounded step, so that one extreme value does not blind a view: the same value still has an excess the next time, until it is usual.
 *
 * Memory: 16 bytes per view; from the second block on 16 more, and 8 for each ended block, up to 5. Ranges of ended blocks are rounded
 * outward, to 20 significant bits. Cost: O(1) per view and point; O(6) if a value leaves its range.
 */
export class RangeMemory {
  /** Lower ends of the views' ranges over all blocks, then upper ends; lower above upper before the first point. */
  readonly #bounds: number[];
  /**
   * The bounds of the current block, then of each ended block, the newest first, in halves: lower end, then upper end of each view.
   * Until the first block ends, `#blocks` is the same list as `#bounds`.
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

  /** Number of points since the beginning. */
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

  /** Lower end of a view's range in the current block. A value from `currentLow` to `currentHigh` has no excess and changes nothing. */
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
   * Compares a view's new value with its range, then widens the range.
   *
   * A record counts less if the ends of the blocks vary: the distance between the range's end and the mean end of the blocks is added
   * to the range by which the excess is divided.
   *
   * @param view 0 … views − 1. @param x Clamped to ±1.7e308. @param floor Least range to divide by, unit of the view, ≥ 0.
   * @returns Distance outside the range, divided by the range (at least `floor`), 0 … 5; 0 inside the range and at the first point.
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

  /** Ends a point; call `excess` for each view that has a value before. @param timeMs Time of the point, not before the last point's. */
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
    // A constant series has no range to divide by, so its first step has the excess 1.
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

  /** Distance between the range's end and the mean end of the blocks; 0 with fewer than two blocks. */
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

  /** Number of ended blocks that are kept. */
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
