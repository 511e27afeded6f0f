/** Weight of a value in the running mean. */
const MEAN_RATE = 0.003;
/** The lag of the running mean behind a falling line is subtracted twice: subtracted once, rounding would decide which runs exist. */
const BEHIND = 2;
/** `Silence` reports nothing before so many runs have ended. */
const MIN_RUNS = 40;
/** A run is compared with the longest run before, and with at least this many points. */
const MIN_LONGEST = 24;
/** Points per block, and number of blocks kept. */
const BLOCK_POINTS = 1_000;
const BLOCKS = 6;
const MAX_EXCESS = 5;

/** Places of the state's numbers, relative to the first one. */
const MEAN = 0;
/** Length of the present run, and runs that have ended. */
const LENGTH = 1;
const RUNS = 2;
/** The longest run of each block, the newest block first; 0 if no run was longer than `MIN_LONGEST`. */
const LONGEST = 3;

/**
 * Detects a missing peak, such as an hourly job that did not run: measures how long a series has not been above its running mean, and
 * compares this run with the longest such run of about the last 5,000 points.
 *
 * The nine numbers of the state, all 0 before the first value, lie in a list of the caller.
 * Cost: O(1) a value, O(6) in a long run.
 */
export class Silence {
  static readonly LENGTH = LONGEST + BLOCKS;
  readonly #from: number;

  /** @param from Place of the first of `Silence.LENGTH` numbers. */
  constructor(from: number) {
    this.#from = from;
  }

  /**
   * Takes the next value.
   *
   * @param seen Number of values before. @param x Finite, −1e300 … 1e300. @param learned The value that the mean learns instead of `x`.
   * @param rise Slope of the trend line per value. The mean lags behind the line, and a falling line must not count as silence.
   * @returns Excess of the present run over the longest run before, as a share of that run, 0 … 5; 0 until 40 runs have ended.
   */
  update(list: number[], seen: number, x: number, learned: number, rise: number): number {
    const from = this.#from;
    const points = seen + 1;
    const mean = points === 1 ? learned : list[from + MEAN]!;
    const length = list[from + LENGTH]!;
    if (x <= mean + Math.min(0, (BEHIND * rise) / MEAN_RATE)) list[from + LENGTH] = length + 1;
    else if (length > 0) {
      // Runs of up to `MIN_LONGEST` points never matter, because `#excess` compares with at least `MIN_LONGEST`.
      if (length > Math.max(MIN_LONGEST, list[from + LONGEST]!)) list[from + LONGEST] = length;
      list[from + RUNS]!++;
      list[from + LENGTH] = 0;
    }
    list[from + MEAN] = mean + (learned - mean) * Math.max(MEAN_RATE, 1 / points);
    const excess = this.#excess(list);
    if (points % BLOCK_POINTS === 0) this.#beginBlock(list);
    return excess;
  }

  #excess(list: readonly number[]): number {
    const from = this.#from;
    const length = list[from + LENGTH]!;
    if (length < MIN_LONGEST || list[from + RUNS]! < MIN_RUNS) return 0;
    let longest = MIN_LONGEST;
    for (let block = 0; block < BLOCKS; block++)
      longest = Math.max(longest, list[from + LONGEST + block]!);
    return Math.min(MAX_EXCESS, Math.max(0, length - longest) / longest);
  }

  #beginBlock(list: number[]): void {
    const first = this.#from + LONGEST;
    for (let block = BLOCKS - 1; block > 0; block--) list[first + block] = list[first + block - 1]!;
    list[first] = 0;
  }
}
