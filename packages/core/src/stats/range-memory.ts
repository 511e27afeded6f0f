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
 * Memory: 16 bytes a view and block, grown block by block to 8 blocks. Cost: O(1) a view and point.
 */
export class RangeMemory {
  readonly views: number;
  /** Range of each view over all blocks; lows above highs before the first point. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  #points = 0;
  #blocks = 1;
  #lows: Float64Array;
  #highs: Float64Array;
  /** Offset of the current block. */
  #current = 0;

  constructor(views: number) {
    this.views = views;
    this.low = new Float64Array(views).fill(Number.POSITIVE_INFINITY);
    this.high = new Float64Array(views).fill(Number.NEGATIVE_INFINITY);
    this.#lows = this.low.slice();
    this.#highs = this.high.slice();
  }

  /** Points remembered since the beginning. */
  get points(): number {
    return this.#points;
  }

  /**
   * Compares a view's new value with its range, then takes it in.
   *
   * @param view 0 … views − 1.
   * @param floor Least range to measure by, unit of the view, ≥ 0.
   * @returns Distance outside the range over the range (at least `floor`), 0 inside, at most 5; 0 at the first point.
   */
  excess(view: number, x: number, floor: number): number {
    const low = this.low[view]!;
    const high = this.high[view]!;
    if (x <= high && x >= low) {
      const at = this.#current + view;
      if (x < this.#lows[at]!) this.#lows[at] = x;
      if (x > this.#highs[at]!) this.#highs[at] = x;
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
    const ordered = (blocks: Float64Array): Float64Array => {
      const out = new Float64Array(blocks.length);
      const oldest = (this.#current + this.views) % blocks.length;
      out.set(blocks.subarray(oldest));
      out.set(blocks.subarray(0, oldest), blocks.length - oldest);
      return out;
    };
    return { points: this.#points, lows: ordered(this.#lows), highs: ordered(this.#highs) };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(views: number, { points, lows, highs }: RangeMemorySnapshot): RangeMemory {
    requireSnapshot(Number.isSafeInteger(points) && points >= 0, "points out of range");
    const blocks = Math.min(MAX_BLOCKS, Math.floor(points / BLOCK_POINTS) + 1);
    requireSnapshot(
      lows.length === views * blocks && highs.length === lows.length,
      "wrong number of blocks",
    );
    requireSnapshot(
      !lows.some(Number.isNaN) && !highs.some(Number.isNaN),
      "a range is not a number",
    );
    const restored = new RangeMemory(views);
    restored.#points = points;
    restored.#blocks = blocks;
    restored.#lows = Float64Array.from(lows);
    restored.#highs = Float64Array.from(highs);
    restored.#current = views * (blocks - 1);
    restored.#combine();
    return restored;
  }

  #widen(view: number, x: number, low: number, high: number, floor: number): number {
    const at = this.#current + view;
    if (low > high) {
      this.low[view] = x;
      this.high[view] = x;
      this.#lows[at] = x;
      this.#highs[at] = x;
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
      this.high[view] = bound;
      this.#highs[at] = bound;
      if (this.#lows[at]! > bound) this.#lows[at] = bound;
    } else {
      const bound = reach > 0 ? Math.max(x, low - reach) : x;
      this.low[view] = bound;
      this.#lows[at] = bound;
      if (this.#highs[at]! < bound) this.#highs[at] = bound;
    }
    return share;
  }

  #beginBlock(): void {
    const { views } = this;
    if (this.#blocks < MAX_BLOCKS) {
      this.#current = views * this.#blocks;
      this.#blocks++;
      const lows = new Float64Array(views * this.#blocks);
      const highs = new Float64Array(views * this.#blocks);
      lows.set(this.#lows);
      highs.set(this.#highs);
      this.#lows = lows;
      this.#highs = highs;
    } else {
      this.#current = (this.#current + views) % this.#lows.length;
    }
    this.#lows.fill(Number.POSITIVE_INFINITY, this.#current, this.#current + views);
    this.#highs.fill(Number.NEGATIVE_INFINITY, this.#current, this.#current + views);
    this.#combine();
  }

  #combine(): void {
    this.low.fill(Number.POSITIVE_INFINITY);
    this.high.fill(Number.NEGATIVE_INFINITY);
    for (let at = 0; at < this.#lows.length; at++) {
      const view = at % this.views;
      this.low[view] = Math.min(this.low[view]!, this.#lows[at]!);
      this.high[view] = Math.max(this.high[view]!, this.#highs[at]!);
    }
  }
}
