/** Weight of a value in the running mean. */
const MEAN_RATE = 0.003;
/** Of a falling line's mean, what it is behind by is taken off twice: once would leave runs to rounding. */
const BEHIND = 2;
/** Runs that must have ended before one can be called long. */
const MIN_RUNS = 40;
/** A run is measured by the longest before, at least by this many points. */
const MIN_LONGEST = 24;
/** Points a block, and blocks kept. */
const BLOCK_POINTS = 1_000;
const BLOCKS = 6;
const MAX_EXCESS = 5;

/** Places of the numbers of the state, from the first of them on. */
const MEAN = 0;
/** Length of the present run, and runs that have ended. */
const LENGTH = 1;
const RUNS = 2;
/** The longest of each block, the newest first; 0 where none was worth remembering. */
const LONGEST = 3;

/**
 * How long a series has not been above its running mean, against the longest such run of about the last 5,000 points:
 * a job that ran every hour and has not come.
 *
 * Its nine numbers, all 0 before the first value, lie in a list that the caller has beside other state.
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
   * @param seen Values before it. @param x Finite, at most 1e300 in size. @param learned What the mean learns of it.
   * @param rise What the series is known to rise from value to value: by it the mean is behind, and a fall is no silence.
   * @returns By how much of the longest run before the present one is longer, 0 … 5; 0 until 40 runs have ended.
   */
  update(list: number[], seen: number, x: number, learned: number, rise: number): number {
    const from = this.#from;
    const points = seen + 1;
    const mean = points === 1 ? learned : list[from + MEAN]!;
    const length = list[from + LENGTH]!;
    if (x <= mean + Math.min(0, (BEHIND * rise) / MEAN_RATE)) list[from + LENGTH] = length + 1;
    else if (length > 0) {
      // Runs up to the least that counts as long need not be remembered.
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
