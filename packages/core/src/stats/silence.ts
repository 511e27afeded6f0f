import { doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";

/** Weight of a value in the running mean. */
const MEAN_RATE = 0.003;
/** Runs that must have ended before one can be called long. */
const MIN_RUNS = 40;
/** A run is measured by the longest before, at least by this many points. */
const MIN_LONGEST = 24;
/** Points a block, and blocks kept. */
const BLOCK_POINTS = 1_000;
const BLOCKS = 6;
const MAX_EXCESS = 5;

/** State of a `Silence`: running mean, points, length of the run, runs ended; then the longest of each block, newest first. */
export type SilenceSnapshot = Float64Array;

/**
 * How long a series has not been above its running mean, against the longest such run of about the last 5,000 points:
 * a job that ran every hour and has not come.
 *
 * Memory: 50 bytes, 150 from the first long run on. Cost: O(1) a value, O(6) in a long run.
 */
export class Silence {
  #mean = 0;
  #points = 0;
  #length = 0;
  #runs = 0;
  /** Made with the first run worth remembering. */
  #longest: number[] = NONE;

  /**
   * Takes the next value.
   *
   * @param x Finite, at most 1e300 in size. @param learned What the mean learns of it.
   * @returns By how much of the longest run before the present one is longer, 0 … 5; 0 until 40 runs have ended.
   */
  update(x: number, learned: number): number {
    if (this.#points === 0) this.#mean = learned;
    if (x > this.#mean) {
      if (this.#length > 0) {
        this.#remember(this.#length);
        this.#runs++;
        this.#length = 0;
      }
    } else this.#length++;
    this.#points++;
    this.#mean += (learned - this.#mean) * Math.max(MEAN_RATE, 1 / this.#points);
    const excess = this.#excess();
    if (this.#points % BLOCK_POINTS === 0 && this.#longest !== NONE) {
      for (let block = BLOCKS - 1; block > 0; block--)
        this.#longest[block] = this.#longest[block - 1]!;
      this.#longest[0] = 0;
    }
    return excess;
  }

  snapshot(): SilenceSnapshot {
    return Float64Array.of(this.#mean, this.#points, this.#length, this.#runs, ...this.#longest);
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: SilenceSnapshot): Silence {
    requireSnapshot(
      snapshot.length === 4 || snapshot.length === 4 + BLOCKS,
      "a silence has four numbers, or ten",
    );
    requireSnapshot(snapshot.every(Number.isFinite), "a number is not finite");
    const [mean, points, length, runs, ...longest] = snapshot as unknown as [
      number,
      number,
      number,
      number,
      ...number[],
    ];
    const restored = new Silence();
    restored.#mean = mean;
    restored.#points = points;
    restored.#length = length;
    restored.#runs = runs;
    if (longest.length > 0) {
      restored.#longest = doubles(BLOCKS, 0);
      longest.forEach((run, block) => {
        restored.#longest[block] = run;
      });
    }
    return restored;
  }

  /** Runs up to the least that counts as long need no memory. */
  #remember(length: number): void {
    if (length <= MIN_LONGEST) return;
    if (this.#longest === NONE) this.#longest = doubles(BLOCKS, 0);
    this.#longest[0] = Math.max(this.#longest[0]!, length);
  }

  #excess(): number {
    if (this.#length < MIN_LONGEST || this.#runs < MIN_RUNS) return 0;
    let longest = MIN_LONGEST;
    for (const run of this.#longest) if (run > longest) longest = run;
    return Math.min(MAX_EXCESS, Math.max(0, this.#length - longest) / longest);
  }
}

const NONE: number[] = [];
