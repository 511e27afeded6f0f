import { clampFinite } from "../clamp.ts";
import { requireFinite, requireRange } from "../errors.ts";
import { copiedDoubles, doubles } from "../memory/doubles.ts";
import { ValueGrid } from "../memory/value-grid.ts";
import { type RatePromise, ratePromise } from "../recommendation/rate-promise.ts";
import { DEFAULT_EXCEEDANCE_RATE, type Side } from "../recommendation/strategies.ts";
import { SeasonalProfile } from "../season/seasonal-profile.ts";
import { countExceedance, PRIOR_DISPERSION } from "./exceedance-dispersion.ts";
import { beginLevelAndSpread, followResidual } from "./level-and-spread.ts";
import { NUMBERS, PLACES, WARM_UP } from "./quantile-numbers.ts";
import { type AdaptiveQuantileSnapshot, checkedNumbers, VERSION } from "./quantile-snapshot.ts";
import { trackMultiple } from "./tracked-multiple.ts";

const { COUNT, EXCEEDANCES, LEVEL, SPREAD, MULTIPLE, TAIL, LAST_TIME, DISPERSION } = PLACES;

/** A repeated value attracts the threshold from a distance of up to this share of the mean excess. */
const REACH = 0.5;

export interface AdaptiveQuantileOptions {
  /** Promised share of samples beyond the threshold, 0.0001 … 0.5. @default 0.05 */
  exceedanceRate?: number;
  /** Whether samples above or below the threshold exceed it. @default "upper" */
  side?: Side;
  /** Step of the multiple, 0.001 … 1. Larger: follows faster, jumps about more. @default 0.05 */
  learningRate?: number;
  /** Whether the series may follow the hours of the day and of the week. @default true */
  seasonal?: boolean;
}

/**
 * An `AdaptiveQuantile` is the online threshold. The share of samples beyond the threshold keeps to the promised rate while the
 * series drifts and has seasons: in the long run the share equals that rate, up to O(1 / samples), for any bounded series.
 *
 * threshold = level + season + multiple · spread. Level and spread follow the samples (`followResidual`), the season is that
 * of the hour (`SeasonalProfile`), and the multiple holds the rate (`trackMultiple`). A threshold at which values tie does not
 * move, and at most the promised share exceeds this threshold (`ValueGrid`). Shift and scale equivariant, up to rounding.
 *
 * Cost: O(1) time, about 0.15 µs a sample; 390 bytes, 750 from the second hour and 1,090 from the third day on.
 * Source: Gibbs and Candès (2021), NeurIPS 34; Angelopoulos, Candès and Tibshirani (2023), NeurIPS 36 (quantile
 * tracking, error integration).
 */
export class AdaptiveQuantile {
  #promise: RatePromise;
  /** −1 for the lower side: values are negated, so that an exceedance is always above the threshold. */
  #sign: 1 | -1;
  #numbers = doubles(NUMBERS, 0);
  #grid = new ValueGrid();
  #profile: SeasonalProfile | undefined;
  /** Local time and value of each sample, in turn, up to the 16th. */
  #first: number[] | undefined = [];

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor({
    exceedanceRate = DEFAULT_EXCEEDANCE_RATE,
    side = "upper",
    learningRate = 0.05,
    seasonal = true,
  }: AdaptiveQuantileOptions = {}) {
    requireRange(exceedanceRate, 0.0001, 0.5, "exceedanceRate");
    requireRange(learningRate, 0.001, 1, "learningRate");
    this.#sign = side === "upper" ? 1 : -1;
    this.#promise = ratePromise(exceedanceRate, learningRate);
    if (seasonal) this.#profile = new SeasonalProfile();
    this.#numbers[MULTIPLE] = this.#promise.multiple;
    this.#numbers[TAIL] = this.#promise.tail;
    this.#numbers[DISPERSION] = PRIOR_DISPERSION;
  }

  get side(): Side {
    return this.#sign === 1 ? "upper" : "lower";
  }

  /** Samples seen. */
  get count(): number {
    return this.#numbers[COUNT]!;
  }

  /** Share of the samples beyond the threshold in force when they came, 0 … 1; undefined up to the 16th. */
  get measuredRate(): number | undefined {
    const judged = this.#numbers[COUNT]! - WARM_UP;
    return judged < 1 ? undefined : this.#numbers[EXCEEDANCES]! / judged;
  }

  /** What the season adds at a local time (ms), unit of the values; 0 while nothing is known. */
  season(localTimeMs: number): number {
    return this.#profile?.value(localTimeMs) ?? 0;
  }

  /** How much of the series the season explains, 0 … 1; undefined in the first two days. See `SeasonalProfile`. */
  get seasonality(): number | undefined {
    return this.#profile === undefined ? 0 : this.#profile.strength;
  }

  /**
   * Threshold for a sample at a local time (ms), unit of the values, finite; undefined before the 16th sample.
   */
  value(localTimeMs: number): number | undefined {
    const numbers = this.#numbers;
    if (numbers[COUNT]! < WARM_UP) return undefined;
    return this.#turn(this.#place(this.#raw(this.#turnedSeason(localTimeMs))));
  }

  /** The threshold without its season, unit of the values; undefined before the 16th sample. */
  get base(): number | undefined {
    return this.#numbers[COUNT]! < WARM_UP ? undefined : this.#turn(this.#raw(0));
  }

  /** Computed threshold of a local time (ms), before `ValueGrid` moves the threshold to a repeated value. */
  computedAt(localTimeMs: number): number {
    return this.#turn(this.#raw(this.#turnedSeason(localTimeMs)));
  }

  /** Usual absolute deviation from the expected level, unit of the values, ≥ 0. */
  get spread(): number {
    return this.#numbers[SPREAD]!;
  }

  /** Mean excess of the values beyond the threshold, in spreads, > 0. */
  get tail(): number {
    return this.#numbers[TAIL]!;
  }

  /**
   * Squared deviation of the exceedances in a block that promises four, over that of independent samples, > 0: below 1 where
   * the multiple pays exceedances back in time, far above 1 where exceedances come in clusters. Mean of about the last 64
   * blocks; unit and origin of the values do not matter. See `countExceedance`.
   */
  get dispersion(): number {
    return this.#numbers[DISPERSION]!;
  }

  /** What the season adds at a local time (ms), without steps between the hours. See `SeasonalProfile`. */
  smoothSeason(localTimeMs: number): number {
    return this.#profile?.smoothValue(localTimeMs) ?? 0;
  }

  /** The threshold shown for a computed one: a repeated value near the computed threshold, else `value`. See `ValueGrid`. */
  shownAt(value: number): number {
    return this.#turn(this.#place(this.#turn(value)));
  }

  /** Side of the threshold on which a value lies: 1 beyond, 0 on the threshold, −1 short of it. */
  compare(value: number, threshold: number): -1 | 0 | 1 {
    return this.#grid.compare(this.#turn(value), this.#turn(threshold), this.#numbers[SPREAD]!);
  }

  /**
   * Takes the next sample in order of time.
   *
   * @param localTimeMs Time of the sample on a local clock, ms; see `zoneOffset`.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE
   */
  update(localTimeMs: number, value: number): void {
    requireFinite(localTimeMs, "time");
    requireFinite(value, "value");
    const numbers = this.#numbers;
    const x = this.#turn(value);
    const season = this.#turnedSeason(localTimeMs);
    const count = ++numbers[COUNT]!;
    numbers[LAST_TIME] = localTimeMs;
    if (count === 1) {
      numbers[LEVEL] = clampFinite(x - season);
      this.#grid.learn(x);
    } else {
      const raw = this.#raw(season);
      const shown = this.#place(raw);
      const spread = numbers[SPREAD]!;
      const lies = this.#grid.compare(x, shown, spread);
      const excess = clampFinite(x - shown);
      this.#grid.update(x, raw, shown, spread, this.#reach());
      followResidual(numbers, clampFinite(x - clampFinite(numbers[LEVEL]! + season)), count);
      if (count > WARM_UP) {
        if (lies > 0) numbers[EXCEEDANCES]!++;
        countExceedance(numbers, this.#promise, lies > 0, count - WARM_UP);
        trackMultiple(
          numbers,
          this.#promise,
          lies,
          excess,
          spread,
          clampFinite(shown - raw),
          count,
          this.#grid,
        );
      }
    }
    if (this.#first === undefined) this.#profile?.update(localTimeMs, value);
    else this.#begin(this.#first, localTimeMs, x);
  }

  snapshot(): AdaptiveQuantileSnapshot {
    return {
      version: VERSION,
      exceedance_rate: this.#promise.exceedanceRate,
      learning_rate: this.#promise.learningRate,
      side: this.side,
      numbers: [...this.#numbers],
      grid: this.#grid.snapshot(),
      profile: this.#profile?.snapshot() ?? null,
      ...(this.#first !== undefined && { first: [...this.#first] }),
    };
  }

  /** Continues where `snapshot` was taken, bit for bit. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: AdaptiveQuantileSnapshot): AdaptiveQuantile {
    const known = checkedNumbers(snapshot);
    const { exceedance_rate, learning_rate, side, grid, profile, first } = snapshot;
    const restored = new AdaptiveQuantile({
      exceedanceRate: exceedance_rate,
      learningRate: learning_rate,
      side,
      seasonal: false,
    });
    restored.#numbers = copiedDoubles(known);
    restored.#first = first === undefined ? undefined : [...first];
    restored.#grid = ValueGrid.restore(grid);
    if (profile !== null) restored.#profile = SeasonalProfile.restore(profile);
    return restored;
  }

  #turn(x: number): number {
    return this.#sign * x;
  }

  #turnedSeason(localTimeMs: number): number {
    return this.#turn(this.season(localTimeMs));
  }

  #raw(season: number): number {
    const numbers = this.#numbers;
    return clampFinite(numbers[LEVEL]! + season + numbers[MULTIPLE]! * numbers[SPREAD]!);
  }

  #place(raw: number): number {
    return this.#grid.place(raw, this.#numbers[SPREAD]!, this.#reach());
  }

  #reach(): number {
    return REACH * this.#numbers[TAIL]! * this.#numbers[SPREAD]!;
  }

  /** Keeps the first samples up to the 16th; then level, spread and season begin from them. */
  #begin(first: number[], localTimeMs: number, x: number): void {
    first.push(localTimeMs, x);
    if (first.length < 2 * WARM_UP) return;
    this.#first = undefined;
    const values = first.filter((_, place) => place % 2 === 1);
    for (const [i, value] of beginLevelAndSpread(this.#numbers, values).entries())
      this.#profile?.update(first[2 * i]!, this.#turn(value));
  }
}
