import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

/** Points a block, and blocks kept: the horizon is 4,375 to 5,000 points. */
const BLOCK_POINTS = 625;
const MAX_BLOCKS = 8;
/** An excess is counted up to here, so that one absurd value does not outweigh all agreement. */
const MAX_EXCESS = 5;
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
 * Kept as the minimum and maximum of blocks of 625 points. A value far outside widens its range by at most the range
 * itself, so that one absurd value does not blind a view: the same value again still stands out, until it has become
 * usual.
 *
 * Memory: 16 bytes a view, and as much again a view and block from the second block on, up to 8 blocks.
 * Cost: O(1) a view and point.
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

  /** Ends a point, after `excess` was called once for each view. */
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
    const bounds = this.#bounds;
    const blocks = this.#blocks;
    const at = this.#current + view;
    if (low > high) {
      bounds[view] = x;
      bounds[view + views] = x;
      blocks[at] = x;
      blocks[at + views] = x;
      return 0;
    }
    const range = high - low;
    const above = x > high;
    const distance = above ? x - high : low - x;
    const reach = Math.max(range, floor);
    const rounding = ROUNDING * Math.max(Math.abs(low), Math.abs(high));
    // Out of a constant, the step itself is the only measure.
    const share = distance <= rounding ? 0 : reach > 0 ? Math.min(MAX_EXCESS, distance / reach) : 1;
    if (above) {
      const bound = reach > 0 ? Math.min(x, high + reach) : x;
      bounds[view + views] = bound;
      blocks[at + views] = bound;
      if (blocks[at]! > bound) blocks[at] = bound;
    } else {
      const bound = reach > 0 ? Math.max(x, low - reach) : x;
      bounds[view] = bound;
      blocks[at] = bound;
      if (blocks[at + views]! < bound) blocks[at + views] = bound;
    }
    return share;
  }

  #beginBlock(): void {
    const size = 2 * this.views;
    const before = this.#blocks;
    if (before.length < MAX_BLOCKS * size) {
      this.#blocks = doubles(before.length + size, 0);
      for (let at = 0; at < before.length; at++) this.#blocks[at] = before[at]!;
      this.#current = before.length;
    } else {
      this.#current = (this.#current + size) % before.length;
    }
    const middle = this.#current + this.views;
    this.#blocks.fill(Number.POSITIVE_INFINITY, this.#current, middle);
    this.#blocks.fill(Number.NEGATIVE_INFINITY, middle, this.#current + size);
    this.#combine();
  }

  #combine(): void {
    const { views } = this;
    const bounds = this.#bounds;
    const blocks = this.#blocks;
    bounds.fill(Number.POSITIVE_INFINITY, 0, views);
    bounds.fill(Number.NEGATIVE_INFINITY, views);
    for (let block = 0; block < blocks.length; block += 2 * views)
      for (let view = 0; view < views; view++) {
        bounds[view] = Math.min(bounds[view]!, blocks[block + view]!);
        bounds[view + views] = Math.max(bounds[view + views]!, blocks[block + view + views]!);
      }
  }
}
