import { requireSnapshot } from "../errors.ts";
import { copiedDoubles, doubles } from "./doubles.ts";

/** Changes by multiples of the step from which on the series counts as discrete. */
const GRID_VOTES = 8;
/** A grid is used when its step is at least this share of the spread; a finer grid has no effect. */
const COARSE = 0.2;
/** A threshold on the grid moves when the computed threshold is outside its step by more than this share of a step. */
const HYSTERESIS = 0.25;
/** A value lies on the grid when its distance from the grid is at most this share of a step. */
const ON_GRID = 1e-3;
/** A step below this share of the values is rounding. */
const ROUNDING = 1e-12;
/** Share of a step added to a place that rounding makes inexact, so that the value at this place does not exceed. */
const GRID_ROUNDING = 1e-6;
/** Repetitions from which on a single value attracts the threshold. */
const ATOM_VOTES = 3;
const MAX_VOTES = 20;

/** Places of the numbers of the state. */
const STEP = 0;
const VOTES = 1;
const ORIGIN = 2;
const LAST = 3;
const SEEN = 4;
const ATOM = 5;
const REPEATS = 6;
/** The threshold shown last, and its kind: computed (0), on the grid (1) or on the atom (2). */
const SHOWN = 7;
const KIND = 8;
/** The value of the series at the threshold on the grid: rounding makes the computed place differ from this value. */
const EXACT = 9;
const NUMBERS = 10;

/**
 * A threshold does not move where values tie: on the grid of a discrete series (counts, rounded values), or on an atom, a
 * single value that repeats (the zero of a series that is mostly zero).
 *
 * The step of the grid is the smallest difference so far, as long as the values are multiples of the step apart. Without
 * repeated values the threshold stays as computed. Shift and scale equivariant.
 *
 * Cost: O(1), 130 bytes.
 */
export class ValueGrid {
  #numbers = doubles(NUMBERS, 0);

  /** Whether the series is discrete with a step of at least 0.2 spreads. */
  isCoarse(spread: number): boolean {
    const numbers = this.#numbers;
    return numbers[VOTES]! >= GRID_VOTES && numbers[STEP]! >= COARSE * spread;
  }

  /**
   * Where the threshold is shown.
   *
   * @param raw The computed threshold. @param spread Usual deviation.
   * @param reach Distance up to which a repeated value attracts the threshold; all in the unit of the values.
   */
  place(raw: number, spread: number, reach: number): number {
    const numbers = this.#numbers;
    if (!this.isCoarse(spread)) {
      if (numbers[REPEATS]! < ATOM_VOTES) return raw;
      const attracted = Math.max(
        numbers[KIND] === 2 ? 2 * reach : reach,
        ROUNDING * Math.abs(numbers[ATOM]!),
      );
      return Math.abs(numbers[ATOM]! - raw) <= attracted ? numbers[ATOM]! : raw;
    }
    const step = numbers[STEP]!;
    const shown = numbers[SHOWN]!;
    if (
      numbers[KIND] === 1 &&
      raw > shown - (1 + HYSTERESIS) * step &&
      raw <= shown + HYSTERESIS * step
    )
      return shown;
    const steps = Math.ceil((raw - numbers[ORIGIN]!) / step - ON_GRID);
    const exact = Number.isInteger(step) && Number.isInteger(numbers[ORIGIN]);
    const place = numbers[ORIGIN]! + steps * step + (exact ? 0 : step * GRID_ROUNDING);
    if (!Number.isFinite(place)) return raw;
    return Math.abs(place - numbers[EXACT]!) < step / 2 ? numbers[EXACT]! : place;
  }

  /** How a value lies to a threshold that was shown: 1 above, 0 on it, −1 below. */
  compare(x: number, shown: number, spread: number): -1 | 0 | 1 {
    const tolerance = this.isCoarse(spread) ? this.#numbers[STEP]! / 2 : 0;
    const excess = x - shown;
    return excess > tolerance ? 1 : excess < -tolerance ? -1 : 0;
  }

  /** Takes the next value, and the threshold that was shown for it. */
  update(x: number, raw: number, shown: number, spread: number, reach: number): void {
    const numbers = this.#numbers;
    const coarse = this.isCoarse(spread);
    numbers[SHOWN] = shown;
    numbers[KIND] = coarse ? 1 : shown === numbers[ATOM] && numbers[REPEATS]! >= ATOM_VOTES ? 2 : 0;
    if (coarse && Math.abs(x - shown) < numbers[STEP]! / 2) numbers[EXACT] = x;
    if (x === numbers[ATOM]) {
      numbers[REPEATS] = Math.min(MAX_VOTES, numbers[REPEATS]! + 1);
    } else if (Math.abs(x - raw) <= reach && --numbers[REPEATS]! <= 0) {
      numbers[ATOM] = x;
      numbers[REPEATS] = 1;
    }
    this.learn(x);
  }

  /** Takes a value for which no threshold was shown. */
  learn(x: number): void {
    const numbers = this.#numbers;
    const change = Math.abs(x - numbers[LAST]!);
    const first = numbers[SEEN] === 0;
    numbers[LAST] = x;
    numbers[SEEN] = 1;
    if (first) {
      numbers[ORIGIN] = x;
      return;
    }
    if (change <= ROUNDING * Math.abs(x) || !Number.isFinite(change)) return;
    const step = numbers[STEP]!;
    // One extreme value gave a step far larger than the present changes: that step is no grid of the series.
    if (change < ON_GRID * step) {
      this.#restart(change, x);
      return;
    }
    const steps = (x - numbers[ORIGIN]!) / step;
    const rest = Math.abs(x - numbers[ORIGIN]! - Math.round(steps) * step);
    if (step > 0 && rest < ON_GRID * step) {
      numbers[VOTES] = Math.min(MAX_VOTES, numbers[VOTES]! + 1);
      return;
    }
    // Where the distance to the origin overflows, only the change can give a step.
    const finer = step === 0 || change < step || !Number.isFinite(rest) ? change : rest;
    this.#restart(finer > ROUNDING * Math.abs(x) ? finer : change, x);
  }

  #restart(step: number, origin: number): void {
    const numbers = this.#numbers;
    numbers[STEP] = step;
    numbers[VOTES] = 0;
    numbers[KIND] = 0;
    numbers[ORIGIN] = origin;
  }

  /** Plain JSON. */
  snapshot(): number[] {
    return [...this.#numbers];
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(numbers: readonly number[]): ValueGrid {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "not a grid of values",
    );
    const restored = new ValueGrid();
    restored.#numbers = copiedDoubles(numbers);
    return restored;
  }
}
