import { clamp, clampFinite, within } from "./clamp.ts";
import { copiedDoubles, doubles } from "./doubles.ts";
import { requireFinite, requireRange, requireSnapshot } from "./errors.ts";
import { medianOf } from "./median.ts";
import { type RatePromise, ratePromise } from "./rate-promise.ts";
import { SeasonalProfile, type SeasonalProfileSnapshot } from "./seasonal-profile.ts";
import { DEFAULT_EXCEEDANCE_RATE, type Side } from "./strategies.ts";
import { ValueGrid } from "./value-grid.ts";

/** Samples before which there is no threshold. */
const WARM_UP = 16;
/** Rates a sample at which the level and the spread follow, once warm. */
const LEVEL_RATE = 0.02;
const SPREAD_RATE = 0.01;
/** A residual moves the level by at most this many spreads, and the spread by at most this many. */
const LEVEL_LIMIT = 1;
const SPREAD_LIMIT = 8;
/** An excess counts for the mean excess with at most this many spreads. */
const EXCESS_LIMIT = 8;
const EXCESS_RATE = 0.05;
/** The mean excess is at least this share of that of a normal distribution. */
const LEAST_EXCESS = 0.25;
/** While fewer samples came than an exceedance takes, an exceedance moves by this many mean excesses more, a power of e. */
const EARLY_GAIN = 2;
/** Part of the gain with which exceedances owed are paid back; keeps the loop overdamped below 1/4. */
const OWED_SHARE = 1 / 16;
const OWED_LIMIT = 20;
/** On a coarse grid the multiple moves by this share: a wrong place there costs a whole step. */
const GRID_GAIN = 0.25;
/** The median of anything lies at most two mean absolute values below 0. */
const LEAST_MULTIPLE = -2;
/** Blocks of so many promised exceedances show how these cluster; so many of them, at most, count as one of the past. */
const BLOCK_EXCEEDANCES = 4;
const BLOCKS = 64;
/** What is believed of their dispersion at first, and the weight of that in blocks. See `assessFollowed` for how it was chosen. */
const PRIOR_DISPERSION = 1;
const PRIOR_BLOCKS = 4;
/** Share of the mean excess from which a repeated value attracts the threshold. */
const REACH = 0.5;

/** Places of the numbers of the state. */
const COUNT = 0;
const EXCEEDANCES = 1;
const LEVEL = 2;
const SPREAD = 3;
const MULTIPLE = 4;
/** Mean excess over the threshold, in spreads. */
const TAIL = 5;
/** Exceedances beyond the promised ones since the beginning. */
const OWED = 6;
/** Residuals in a row beyond the limit of the level and of the spread, negative for those below. */
const LEVEL_RUN = 7;
const SPREAD_RUN = 8;
const LAST_TIME = 9;
/** Exceedances in the block that is not full yet. */
const IN_BLOCK = 10;
/** Squared deviation of exceedances in a block from the promised ones, over that of independent samples. */
const DISPERSION = 11;
const NUMBERS = 12;

const VERSION = 4;
/** Version 3 had no dispersion, and a threshold to hold for an hour beside its numbers, which nothing reads any more. */
const OLDEST_VERSION = 3;
const NUMBERS_BEFORE = 10;

export interface AdaptiveQuantileOptions {
  /** Promised share of samples beyond the threshold, 0.0001 … 0.5. @default 0.05 */
  exceedanceRate?: number;
  /** Whether samples above or below it exceed. @default "upper" */
  side?: Side;
  /** Step of the multiple, 0.001 … 1. Larger: follows faster, jumps about more. @default 0.05 */
  learningRate?: number;
  /** Whether the series may follow the hours of the day and of the week. @default true */
  seasonal?: boolean;
}

/** State of an `AdaptiveQuantile`: plain JSON. */
export interface AdaptiveQuantileSnapshot {
  version: typeof VERSION;
  exceedance_rate: number;
  learning_rate: number;
  side: Side;
  numbers: readonly number[];
  grid: readonly number[];
  /** Null where the series is taken to have no season. */
  profile: SeasonalProfileSnapshot | null;
  /** Local time and turned value of each sample, up to the 16th; not there afterwards. Version 3 had none. */
  first?: readonly number[];
}

/**
 * Online threshold that holds a promised exceedance rate while the series drifts and has seasons.
 *
 * threshold = level + season + multiple · spread: a running level and mean absolute deviation, the season of the hour
 * (see `SeasonalProfile`), and a tracked multiple. After each sample the multiple moves by gain · mean excess ·
 * (err − exceedanceRate), err = 1 if the sample was beyond, and by a part of the exceedances that are owed so far: an
 * integral controller with the mean excess as its unit, so a step is as large as the tail is long. The multiple stays
 * within −2 and 2 / exceedanceRate, which by Markov's inequality the quantile does not leave. So the long-run rate
 * equals the promise up to O(1 / samples) for any sequence whose size is bounded. Where values tie at the threshold it
 * stays there and at most the promised share exceeds it (see `ValueGrid`).
 *
 * An outlier moves level and spread by a bounded step; in a run of them the bound doubles with each.
 * Shift and scale equivariant, up to rounding.
 *
 * Cost: O(1) time, about 0.15 µs a sample; 390 bytes, 750 from the second hour and 1,090 from the third day on.
 * Source: Gibbs and Candès (2021), NeurIPS 34; Angelopoulos, Candès and Tibshirani (2023), NeurIPS 36 (quantile
 * tracking, error integration).
 */
export class AdaptiveQuantile {
  #promise: RatePromise;
  /** −1 for the lower side: values are turned so that exceeding is being above. */
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

  /** Where the threshold of a local time (ms) is computed, before it is shown at a value that repeats. */
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
   * Squared deviation of the exceedances in a stretch in which four are promised, over that of independent samples, > 0:
   * below 1 where what is owed is paid back in time, far above where they come in clusters. Of about the last 64 such
   * stretches; unit and place of the values do not matter.
   */
  get dispersion(): number {
    return this.#numbers[DISPERSION]!;
  }

  /** What the season adds at a local time (ms), without steps between the hours. See `SeasonalProfile`. */
  smoothSeason(localTimeMs: number): number {
    return this.#profile?.smoothValue(localTimeMs) ?? 0;
  }

  /** Where a threshold computed at `value` is shown: beside it, where values tie there. See `ValueGrid`. */
  shownAt(value: number): number {
    return this.#turn(this.#place(this.#turn(value)));
  }

  /** How a value lies to a threshold: 1 beyond it, 0 on it, −1 short of it. */
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
      this.#follow(clampFinite(x - clampFinite(numbers[LEVEL]! + season)), count);
      if (count > WARM_UP) {
        if (lies > 0) numbers[EXCEEDANCES]!++;
        this.#disperse(lies > 0, count - WARM_UP);
        this.#track(lies, excess, spread, clampFinite(shown - raw), count);
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
    const { exceedance_rate, learning_rate, side, numbers, grid, profile, first } = snapshot;
    const version: number = snapshot.version;
    requireSnapshot(
      version >= OLDEST_VERSION && version <= VERSION,
      `not an adaptive quantile of version ${OLDEST_VERSION} or ${VERSION}`,
    );
    requireSnapshot(
      exceedance_rate >= 0.0001 && exceedance_rate <= 0.5,
      "exceedance_rate out of range",
    );
    requireSnapshot(learning_rate >= 0.001 && learning_rate <= 1, "learning_rate out of range");
    requireSnapshot(side === "upper" || side === "lower", "side is neither upper nor lower");
    const known = version === OLDEST_VERSION ? withDispersion(numbers) : numbers;
    requireSnapshot(
      known.length === NUMBERS &&
        known.every(Number.isFinite) &&
        known[SPREAD]! >= 0 &&
        known[DISPERSION]! >= 0,
      "a number is not finite",
    );
    requireSnapshot(
      Number.isSafeInteger(known[COUNT]) &&
        Number.isSafeInteger(known[EXCEEDANCES]) &&
        known[EXCEEDANCES]! >= 0 &&
        known[EXCEEDANCES]! <= known[COUNT]!,
      "counts out of range",
    );
    const restored = new AdaptiveQuantile({
      exceedanceRate: exceedance_rate,
      learningRate: learning_rate,
      side,
      seasonal: false,
    });
    restored.#numbers = copiedDoubles(known);
    requireSnapshot(first?.every(Number.isFinite) !== false, "a first value is not finite");
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

  /**
   * With the 16th sample level and spread begin anew from the median of all and the usual deviation from it, and the
   * season learns them within eight of these: an extreme one among them, which nothing bounded, would be the measure of
   * all three for as long as it takes to forget it.
   */
  #begin(first: number[], localTimeMs: number, x: number): void {
    first.push(localTimeMs, x);
    if (first.length < 2 * WARM_UP) return;
    this.#first = undefined;
    const values = first.filter((_, place) => place % 2 === 1);
    const level = medianOf(values);
    const deviations = values.map((value) => clampFinite(value - level));
    const limit = clampFinite(SPREAD_LIMIT * medianOf(deviations.map(Math.abs)));
    const bounded = deviations.map((deviation) => within(deviation, limit));
    const numbers = this.#numbers;
    numbers[LEVEL] = level;
    numbers[SPREAD] = bounded.reduce((sum, deviation) => sum + Math.abs(deviation) / WARM_UP, 0);
    for (const [i, deviation] of bounded.entries())
      this.#profile?.update(first[2 * i]!, this.#turn(clampFinite(level + deviation)));
  }

  /** Level and spread follow a residual, bounded; the bound doubles with each one beyond it in a row. */
  #follow(residual: number, count: number): void {
    const numbers = this.#numbers;
    const spread = numbers[SPREAD]!;
    // Before a spread is known, and after a constant stretch, there is no measure: the residual counts whole.
    const known = count > WARM_UP && spread > 0;
    const levelLimit = known ? LEVEL_LIMIT * spread : Number.MAX_VALUE;
    const levelRun = nextRun(numbers[LEVEL_RUN]!, residual, levelLimit);
    numbers[LEVEL_RUN] = levelRun;
    const forLevel = within(residual, levelLimit * widened(levelRun));
    numbers[LEVEL] = clampFinite(numbers[LEVEL]! + Math.max(LEVEL_RATE, 1 / count) * forLevel);
    const spreadLimit = known ? SPREAD_LIMIT * spread : Number.MAX_VALUE;
    const spreadRun = nextRun(numbers[SPREAD_RUN]!, residual, spreadLimit);
    numbers[SPREAD_RUN] = spreadRun;
    // A series of rare, large values owes many exceedances: then they are no outliers.
    const looser = spreadRun === 0 ? 1 : (1 + Math.max(0, numbers[OWED]!)) ** 2;
    const forSpread = within(residual, spreadLimit * widened(spreadRun) * looser);
    const rate = Math.max(SPREAD_RATE, 1 / count);
    numbers[SPREAD] = clampFinite(spread + rate * (Math.abs(forSpread) - spread));
  }

  /** Counts the sample that is the `judged`th, and compares a block with what was promised once it is full. */
  #disperse(isBeyond: boolean, judged: number): void {
    const numbers = this.#numbers;
    const { exceedanceRate } = this.#promise;
    const length = Math.round(BLOCK_EXCEEDANCES / exceedanceRate);
    if (isBeyond) numbers[IN_BLOCK]!++;
    if (judged % length !== 0) return;
    const promised = exceedanceRate * length;
    const deviation = numbers[IN_BLOCK]! - promised;
    const ratio = (deviation * deviation) / (promised * (1 - exceedanceRate));
    const share = Math.max(1 / BLOCKS, 1 / (judged / length + PRIOR_BLOCKS));
    numbers[DISPERSION]! += share * (ratio - numbers[DISPERSION]!);
    numbers[IN_BLOCK] = 0;
  }

  /** Moves the multiple by what became of a sample; `gap` is how far above its computed place the threshold was shown. */
  #track(lies: -1 | 0 | 1, excess: number, spread: number, gap: number, count: number): void {
    const numbers = this.#numbers;
    const { exceedanceRate, gain, tail } = this.#promise;
    if (lies > 0 && spread > 0) {
      const counted = Math.min(EXCESS_LIMIT, excess / spread);
      const mean = numbers[TAIL]! + EXCESS_RATE * (counted - numbers[TAIL]!);
      numbers[TAIL] = Math.max(LEAST_EXCESS * tail, mean);
    }
    if (numbers[SPREAD] === 0) return;
    const loop = gain * (this.#grid.isCoarse(spread) ? GRID_GAIN : 1) * numbers[TAIL]!;
    let multiple = numbers[MULTIPLE]!;
    if (lies === 0) {
      // On the threshold the sample may count as either: it evens out what is owed and no more.
      if (numbers[OWED]! < 0) numbers[OWED] = Math.min(0, numbers[OWED]! + 1 - exceedanceRate);
      else numbers[OWED]! -= exceedanceRate;
      multiple +=
        gap > 0 && spread > 0
          ? Math.min(gap / spread, loop * (1 - exceedanceRate))
          : -loop * exceedanceRate;
    } else if (lies > 0) {
      const early = 1 + (EARLY_GAIN / gain) * Math.max(0, -Math.log(exceedanceRate * count));
      multiple += loop * (1 - exceedanceRate) * early;
      numbers[OWED]! += 1 - exceedanceRate;
    } else {
      multiple -= loop * exceedanceRate;
      numbers[OWED]! -= exceedanceRate;
    }
    multiple += loop * OWED_SHARE * gain * exceedanceRate * within(numbers[OWED]!, OWED_LIMIT);
    numbers[MULTIPLE] = clamp(multiple, LEAST_MULTIPLE, 2 / exceedanceRate);
  }
}

/** Numbers of version 3 with the dispersion that is believed at first. */
const withDispersion = (numbers: readonly number[]): readonly number[] =>
  numbers.length === NUMBERS_BEFORE ? [...numbers, 0, PRIOR_DISPERSION] : [];

/** Length of the run of residuals beyond the limit, with their sign. */
function nextRun(run: number, residual: number, limit: number): number {
  if (residual > limit) return run > 0 ? run + 1 : 1;
  if (residual < -limit) return run < 0 ? run - 1 : -1;
  return 0;
}

/** Doubled with each residual after the first; a shift is much cheaper than a power. */
function widened(run: number): number {
  const doublings = Math.abs(run) - 1;
  if (doublings <= 0) return 1;
  return doublings < 30 ? 1 << doublings : 2 ** doublings;
}
