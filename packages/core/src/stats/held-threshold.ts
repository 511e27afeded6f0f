import { clampFinite, within } from "./clamp.ts";
import { copiedDoubles, doubles } from "./doubles.ts";
import { requireSnapshot } from "./errors.ts";
import type { RatePromise } from "./rate-promise.ts";

const HOUR_MS = 3_600_000;
/** Rates an hour at which level and spread follow, once warm. */
const LEVEL_RATE = 0.1;
const SPREAD_RATE = 1 / 24;
/** Hours until outliers are bounded, and until the threshold is shown. */
const WARM_HOURS = 6;
const LEVEL_LIMIT = 4;
const RESIDUAL_LIMIT = 8;
const EXCESS_LIMIT = 8;
const EXCESS_RATE = 0.1;
/** An hour moves the multiple by at most this many steps. */
const HOUR_LIMIT = 4;
/** Part of a step that what is owed moves the multiple by, a count and an expected exceedance. */
const OWED_SHARE = 0.05;
const OWED_LIMIT = 20;

/** Places of the numbers of the state. */
const HOURS = 0;
const LEVEL = 1;
const SPREAD = 2;
const MULTIPLE = 3;
/** Mean excess over the threshold, in spreads. */
const TAIL = 4;
const OWED = 5;
const HOUR = 6;
const HELD = 7;
const CENTRE = 8;
const SEEN = 9;
const ABOVE = 10;
const EXCESS = 11;
const SUM = 12;
const DEVIATIONS = 13;
const NUMBERS = 14;

/**
 * Threshold that stays for an hour at a time and keeps the promised rate as it is used: held.
 *
 * A level and a spread that follow by the hour, and a multiple that moves after each hour by what the hour had too many
 * or too few above the threshold that was held, and slowly by what is owed since the beginning.
 *
 * Values are turned so that exceeding is being above, and without their season. Cost: O(1), 170 bytes.
 */
export class HeldThreshold {
  #numbers = doubles(NUMBERS, 0);
  readonly #promise: RatePromise;

  constructor(promise: RatePromise) {
    this.#promise = promise;
    this.#numbers[MULTIPLE] = promise.multiple;
    this.#numbers[TAIL] = promise.tail;
  }

  /** The threshold to hold from now on, without season; undefined before six hours are over. */
  get value(): number | undefined {
    return this.#numbers[HOURS]! < WARM_HOURS ? undefined : this.#computed();
  }

  /**
   * Takes a sample in order of time.
   *
   * @param x Without its season. @param season What was taken off.
   * @param spread Usual deviation, for a start.
   */
  update(localTimeMs: number, x: number, season: number, spread: number): void {
    const numbers = this.#numbers;
    const hour = Math.floor(localTimeMs / HOUR_MS);
    if (hour !== numbers[HOUR] || numbers[SEEN] === 0) {
      if (numbers[SEEN]! > 0) this.#endHour(spread);
      numbers[HOUR] = hour;
      numbers[CENTRE] = clampFinite(numbers[LEVEL]! + season);
      numbers[HELD] = clampFinite(this.#computed() + season);
      numbers[SEEN] = 0;
      numbers[ABOVE] = 0;
      numbers[EXCESS] = 0;
      numbers[SUM] = 0;
      numbers[DEVIATIONS] = 0;
    }
    numbers[SEEN]!++;
    numbers[SUM] = clampFinite(numbers[SUM]! + x);
    if (numbers[HOURS] === 0) return;
    const whole = clampFinite(x + season);
    if (whole > numbers[HELD]!) {
      numbers[ABOVE]!++;
      numbers[EXCESS] = clampFinite(numbers[EXCESS]! + clampFinite(whole - numbers[HELD]!));
    }
    const limit =
      numbers[HOURS]! > WARM_HOURS && numbers[SPREAD]! > 0
        ? RESIDUAL_LIMIT * numbers[SPREAD]! * (1 + Math.max(0, numbers[OWED]!)) ** 2
        : Number.MAX_VALUE;
    const deviation = Math.min(limit, Math.abs(whole - numbers[CENTRE]!));
    numbers[DEVIATIONS] = clampFinite(numbers[DEVIATIONS]! + deviation);
  }

  /** Plain JSON. */
  snapshot(): number[] {
    return [...this.#numbers];
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(numbers: readonly number[], promise: RatePromise): HeldThreshold {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "not a held threshold",
    );
    const restored = new HeldThreshold(promise);
    restored.#numbers = copiedDoubles(numbers);
    return restored;
  }

  #computed(): number {
    const numbers = this.#numbers;
    return clampFinite(numbers[LEVEL]! + numbers[MULTIPLE]! * numbers[SPREAD]!);
  }

  #endHour(firstSpread: number): void {
    const numbers = this.#numbers;
    const seen = numbers[SEEN]!;
    const mean = numbers[SUM]! / seen;
    const hours = ++numbers[HOURS]!;
    if (hours === 1) {
      numbers[LEVEL] = mean;
      numbers[SPREAD] = firstSpread;
      return;
    }
    const spread = numbers[SPREAD]!;
    const limit = hours > WARM_HOURS && spread > 0 ? LEVEL_LIMIT * spread : Number.MAX_VALUE;
    const step = within(clampFinite(mean - numbers[LEVEL]!), limit);
    numbers[LEVEL] = clampFinite(numbers[LEVEL]! + Math.max(LEVEL_RATE, 1 / hours) * step);
    const spreadRate = Math.max(SPREAD_RATE, 1 / hours);
    numbers[SPREAD]! += spreadRate * (numbers[DEVIATIONS]! / seen - spread);
    this.#moveMultiple(seen, numbers[ABOVE]!);
  }

  #moveMultiple(seen: number, above: number): void {
    const numbers = this.#numbers;
    const { exceedanceRate, gain, tail } = this.#promise;
    const spread = numbers[SPREAD]!;
    if (spread === 0) return;
    if (above > 0) {
      const excess = Math.min(EXCESS_LIMIT, numbers[EXCESS]! / above / spread);
      numbers[TAIL]! += EXCESS_RATE * Math.min(1, above / 2) * (excess - numbers[TAIL]!);
      numbers[TAIL] = Math.max(tail / 4, numbers[TAIL]!);
    }
    const expected = exceedanceRate * seen;
    const off = (above - expected) / Math.max(1, expected);
    numbers[OWED]! += above - expected;
    const owed = within(numbers[OWED]!, OWED_LIMIT);
    const step = within(off, HOUR_LIMIT) + OWED_SHARE * Math.min(1, expected) * owed;
    numbers[MULTIPLE] = Math.min(
      2 / exceedanceRate,
      Math.max(-2, numbers[MULTIPLE]! + gain * numbers[TAIL]! * step),
    );
  }
}
