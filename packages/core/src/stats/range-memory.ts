import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

/** Points a block, and blocks kept: the horizon is 5,000 to 6,000 points. */
const BLOCK_POINTS = 1_000;
const MAX_BLOCKS = 6;
/** An excess is counted up to here, so that one absurd value does not outweigh all agreement. */
const MAX_EXCESS = 5;
/** A value far outside widens its range by at most so many ranges. */
const WIDENING = 2;
/** Differences below this share of a bound's own size are rounding errors. */
const ROUNDING = 1e-9;

/** State of a `RangeMemory`. */
export interface RangeMemorySnapshot {
  points: number;
  /** Views times blocks, the oldest block first. */
  lows: Float64Array;
  highs: Float64Array;
}

/**
 * The range that each of several views of a series has had over about the last 5,000 points.
 *
 * Kept as the minimum and maximum of blocks of 1,000 points. A value far outside widens its range by a bounded step, so that
 * one absurd value does not blind a view: the same value again still stands out, until it has become usual.
 *
 * Memory: 16 bytes a view, and as much again a view and block from the second block on, up to 6 blocks.
 * Cost: O(1) a view and point; O(6) where a range is left.
 */
export class RangeMemory {
  readonly views: number;
  /** Lower ends of the views' ranges over all blocks, then upper ends; lower above upper before the first point. */
  readonly #bounds: number[];
  /** The same of each block, one after the other. The first block is all there is: until it ends, the bounds themselves. */
  #blocks: number[];
  /** Place of the current block. */
  #current = 0;
  #points = 0;

  constructor(views: number) {
    this.views = views;
    this.#bounds = doubles(2 * views, Number.POSITIVE_INFINITY);
    this.#bounds.fill(Number.NEGATIVE_INFINITY, views);
    this.#blocks = this.#bounds;
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

  /**
   * Compares a view's new value with its range, then takes it in.
   *
   * A record counts less where records use to be far apart: what the range's end lies beyond the mean of the
   * blocks' own ends is added to the range that it is measured by.
   *
   * @param view 0 … views − 1.
   * @param floor Least range to measure by, unit of the view, ≥ 0.
   * @returns Distance outside the range over the range (at least `floor`), 0 inside, at most 5; 0 at the first point.
   */
  excess(view: number, x: number, floor: number): number {
    const low = this.#bounds[view]!;
    const high = this.#bounds[this.views + view]!;
    if (x <= high && x >= low) {
      const blocks = this.#blocks;
      const at = this.#current + view;
      if (x < blocks[at]!) blocks[at] = x;
      if (x > blocks[at + this.views]!) blocks[at + this.views] = x;
      return 0;
    }
    return this.#widen(
      view,
      Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, x)),
      low,
      high,
      floor,
    );
  }

  /** Ends a point, after `excess` was called for each view that has a value. */
  advance(): void {
    this.#points++;
    if (this.#points % BLOCK_POINTS === 0) this.#beginBlock();
  }

  snapshot(): RangeMemorySnapshot {
    const { views } = this;
    const blocks = this.#blocks;
    const lows = new Float64Array(blocks.length / 2);
    const highs = new Float64Array(blocks.length / 2);
    let from = (this.#current + 2 * views) % blocks.length;
    for (let at = 0; at < lows.length; at += views) {
      lows.set(blocks.slice(from, from + views), at);
      highs.set(blocks.slice(from + views, from + 2 * views), at);
      from = (from + 2 * views) % blocks.length;
    }
    return { points: this.#points, lows, highs };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(views: number, { points, lows, highs }: RangeMemorySnapshot): RangeMemory {
    requireSnapshot(Number.isSafeInteger(points) && points >= 0, "points out of range");
    const count = Math.min(MAX_BLOCKS, Math.floor(points / BLOCK_POINTS) + 1);
    requireSnapshot(
      lows.length === views * count && highs.length === lows.length,
      "wrong number of blocks",
    );
    requireSnapshot(
      !lows.some(Number.isNaN) && !highs.some(Number.isNaN),
      "a range is not a number",
    );
    const restored = new RangeMemory(views);
    restored.#points = points;
    if (count > 1) restored.#blocks = doubles(2 * views * count, 0);
    restored.#current = 2 * views * (count - 1);
    for (let i = 0; i < lows.length; i++) {
      const at = 2 * views * Math.floor(i / views) + (i % views);
      restored.#blocks[at] = lows[i]!;
      restored.#blocks[at + views] = highs[i]!;
    }
    if (count > 1) restored.#combine();
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
    const at = this.#current + (end % views);
    this.#bounds[end] = x;
    blocks[this.#current + end] = x;
    if (blocks[at]! > x) blocks[at] = x;
    if (blocks[at + views]! < x) blocks[at + views] = x;
  }

  /** How far the range's end lies beyond the mean end of the blocks; 0 while there are fewer than two. */
  #spreadOfEnds(view: number, above: boolean): number {
    const { views } = this;
    const blocks = this.#blocks;
    const from = above ? view + views : view;
    let sum = 0;
    let count = 0;
    // From the current block backward: a restored memory has its blocks in other places.
    let at = this.#current + from;
    for (let left = blocks.length; left > 0; left -= 2 * views) {
      const end = blocks[at]!;
      at = at < 2 * views ? at + blocks.length - 2 * views : at - 2 * views;
      if (!Number.isFinite(end)) continue;
      sum += end / MAX_BLOCKS;
      count++;
    }
    return count < 2 ? 0 : Math.abs(this.#bounds[from]! - (sum * MAX_BLOCKS) / count);
  }

  #beginBlock(): void {
    const size = 2 * this.views;
    const before = this.#blocks;
    if (before.length < MAX_BLOCKS * size) {
      this.#blocks = doubles(before.length + size, 0);
      for (let at = 0; at < before.length; at++) this.#blocks[at] = before[at]!;
      this.#current = before.length;
    } else this.#current = (this.#current + size) % before.length;
    this.#blocks.fill(Number.POSITIVE_INFINITY, this.#current, this.#current + this.views);
    this.#blocks.fill(Number.NEGATIVE_INFINITY, this.#current + this.views, this.#current + size);
    this.#combine();
  }

  #combine(): void {
    const { views } = this;
    for (let view = 0; view < views; view++) {
      let low = Number.POSITIVE_INFINITY;
      let high = Number.NEGATIVE_INFINITY;
      for (let at = view; at < this.#blocks.length; at += 2 * views) {
        low = Math.min(low, this.#blocks[at]!);
        high = Math.max(high, this.#blocks[at + views]!);
      }
      this.#bounds[view] = low;
      this.#bounds[views + view] = high;
    }
  }
}
