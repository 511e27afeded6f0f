import type { Curve } from "../../curve.ts";
import { clampFinite } from "../clamp.ts";
import { requireSnapshot } from "../errors.ts";
import { copiedDoubles, doubles } from "../memory/doubles.ts";
import type { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";
import type { Side } from "../recommendation/strategies.ts";
import { payBack } from "./curve-correction.ts";
import { countCurve, curvesAt, isPaused, widenedBy } from "./curve-pace.ts";
import { drawCurve, endsSoon } from "./curve-points.ts";
import { DrawnCurve, type DrawnCurveSnapshot } from "./drawn-curve.ts";
import { NUMBERS, PLACES } from "./followed-numbers.ts";
import { bounded, isSlow, type Moment } from "./threshold-moment.ts";

const { BASE, CORRECTION, OWED, RATE, CONSTANT, STEPPED_AT, RECENT_RATE, RECENT } = PLACES;

const MINUTE_MS = 60_000;
/** A step leaves (1 − rate)^20 of the distance to the online threshold: a rate of 0.05 covers 64 % of the distance, 0.3 all. */
const FOLLOW_POWER = 20;
/** Samples that the recent rate looks back on. */
const RECENT_SAMPLES = 100;

/** State of a `FollowedThreshold`: plain JSON. */
export interface FollowedThresholdSnapshot {
  readonly numbers: readonly number[];
  readonly curve: DrawnCurveSnapshot;
}

/**
 * A `FollowedThreshold` is the threshold in force: the promised rate holds for the curve that subscribers have, because each
 * sample is judged by the curve that was drawn last.
 *
 * threshold = base + season + correction · spread. The base follows the online threshold, at most once a minute. The
 * correction pays back exceedances of the curve beyond or below the promised rate (`payBack`). A new curve covers the next
 * day or the next 24 samples (`drawCurve`). A new curve is drawn when the threshold differs from the curve in force by more
 * than the tolerance; `curvesAt` limits how often.
 *
 * Cost: O(1) a sample, about 30 ns; a step a minute 0.2 µs; 430 bytes with a curve. Shift and scale equivariant, up to
 * rounding.
 */
export class FollowedThreshold {
  readonly #sign: 1 | -1;
  #numbers = doubles(NUMBERS, 0);
  #curve: DrawnCurve;

  /** The threshold begins as a constant. */
  constructor(side: Side, value: number, timeMs: number) {
    this.#sign = side === "upper" ? 1 : -1;
    this.#curve = DrawnCurve.constant(value, timeMs);
    this.hold(value, timeMs);
  }

  /** Threshold in force at a time (ms), unit of the values, finite. */
  at(timeMs: number): number {
    return this.#curve.at(timeMs);
  }

  /** The curve in force, for messages; undefined where the threshold is constant. */
  get schedule(): Curve | undefined {
    return this.#curve.toCurve();
  }

  /** How fast the base follows the online threshold, 0 … 1; 0 for a threshold that `hold` made constant. */
  get rate(): number {
    return this.#numbers[RATE]!;
  }

  /** Share of about the last 100 samples that were beyond the threshold, 0 … 1; undefined before the first sample. */
  get recentRate(): number | undefined {
    return this.#numbers[RECENT] === 0 ? undefined : this.#numbers[RECENT_RATE]!;
  }

  /** The threshold is `value` from now on, until `follow` or `shift` is called. */
  hold(value: number, timeMs: number): void {
    const numbers = this.#numbers;
    numbers[BASE] = value;
    numbers[CORRECTION] = 0;
    numbers[OWED] = 0;
    numbers[RATE] = 0;
    numbers[CONSTANT] = 1;
    this.#drawn(DrawnCurve.constant(value, timeMs), timeMs);
  }

  /**
   * The threshold begins at `value` and follows the online threshold from then on.
   *
   * @param atMs Time for which `value` was decided, ms. A value that was decided more than a minute ago belongs to another
   * hour and level: in that case the threshold begins at the online threshold.
   * @param rate Learning rate, 0 … 1: each step leaves (1 − rate)^20 of the way to the online threshold.
   */
  follow(value: number, atMs: number, rate: number, moment: Moment): void {
    const numbers = this.#numbers;
    const known = moment.online?.base !== undefined && numbers[CONSTANT] === 0;
    const added = known ? this.#added(moment) : 0;
    numbers[CONSTANT] = 0;
    if (!known) {
      numbers[CORRECTION] = 0;
      numbers[OWED] = 0;
    }
    numbers[RATE] = rate;
    const isOld = atMs < moment.timeMs - MINUTE_MS && moment.online !== undefined;
    const begun = isOld ? moment.online.computedAt(moment.timeMs + moment.offsetMs) : value;
    const season = this.#season(moment, isOld ? moment.timeMs : atMs);
    numbers[BASE] = clampFinite(begun - added - season);
    numbers[STEPPED_AT] = moment.timeMs;
    this.#draw(moment);
  }

  /** Moves the threshold by a distance, unit of the values. The threshold goes on following, so a wrong distance fades. */
  shift(distance: number, moment: Moment): void {
    const numbers = this.#numbers;
    const spread = moment.online?.spread ?? 0;
    if (numbers[CONSTANT] === 0 && spread > 0)
      numbers[CORRECTION] = clampFinite(numbers[CORRECTION]! + (this.#sign * distance) / spread);
    else numbers[BASE] = clampFinite(numbers[BASE]! + distance);
    this.#draw(moment);
  }

  /** Judges a sample by the curve in force at the time of the sample. Samples come in order of time. */
  judge(timeMs: number, value: number, online: AdaptiveQuantile | undefined, rate: number): void {
    const numbers = this.#numbers;
    const threshold = this.#curve.at(timeMs);
    // Values can tie only at a constant threshold: a curve lies between the values of the series.
    const lies =
      online !== undefined && this.#curve.isConstant
        ? online.compare(value, threshold)
        : Math.sign(this.#sign * (value - threshold));
    const beyond = lies > 0 ? 1 : 0;
    numbers[RECENT] = Math.min(RECENT_SAMPLES, numbers[RECENT]! + 1);
    numbers[RECENT_RATE]! += (beyond - numbers[RECENT_RATE]!) / numbers[RECENT]!;
    if (online === undefined || numbers[RATE] === 0 || online.spread === 0) return;
    payBack(numbers, online, rate, lies);
  }

  /** Whether `step` may move the threshold at a time (ms): at most once a minute. Cost: O(1), 2 ns. */
  isDue(timeMs: number): boolean {
    return this.#numbers[CONSTANT] === 0 && timeMs >= this.#numbers[STEPPED_AT]! + MINUTE_MS;
  }

  /** Moves the threshold with the online threshold and the clock. @returns Whether a new curve was drawn. */
  step(moment: Moment): boolean {
    const numbers = this.#numbers;
    const { timeMs, online, tolerance } = moment;
    if (online?.base === undefined || !this.isDue(timeMs)) return false;
    numbers[STEPPED_AT] = timeMs;
    if (moment.learns) {
      // The whole online threshold is compared, not its base: the online season steps at each hour, the curve's season does not.
      const learned = online.computedAt(timeMs + moment.offsetMs) - this.#season(moment, timeMs);
      const share = 1 - (1 - numbers[RATE]!) ** FOLLOW_POWER;
      numbers[BASE]! += share * clampFinite(learned - numbers[BASE]!);
    }
    const curves = curvesAt(numbers, timeMs);
    if (isPaused(numbers, timeMs, curves)) return false;
    const off = Math.abs(this.#value(moment, timeMs) - this.#curve.at(timeMs));
    const isWithin = off <= tolerance * online.spread * widenedBy(curves);
    if (isWithin && !endsSoon(this.#curve, timeMs)) return false;
    this.#draw(moment);
    return true;
  }

  snapshot(): FollowedThresholdSnapshot {
    return { numbers: [...this.#numbers], curve: this.#curve.snapshot() };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ numbers, curve }: FollowedThresholdSnapshot, side: Side): FollowedThreshold {
    requireSnapshot(
      numbers.length === NUMBERS && numbers.every(Number.isFinite),
      "not a followed threshold",
    );
    const restored = new FollowedThreshold(side, 0, 0);
    restored.#numbers = copiedDoubles(numbers);
    restored.#curve = DrawnCurve.restore(curve);
    return restored;
  }

  #draw(moment: Moment): void {
    const isFlat = this.#numbers[CONSTANT] === 1 || moment.online === undefined;
    const curve = drawCurve(moment, isFlat, (timeMs) => this.#value(moment, timeMs));
    this.#drawn(curve, moment.timeMs);
  }

  #drawn(curve: DrawnCurve, timeMs: number): void {
    countCurve(this.#numbers, timeMs);
    this.#curve = curve;
  }

  #value(moment: Moment, timeMs: number): number {
    const base = this.#numbers[BASE]!;
    const { online } = moment;
    if (this.#numbers[CONSTANT] === 1 || online === undefined) return bounded(base, moment);
    const computed = clampFinite(base + this.#season(moment, timeMs) + this.#added(moment));
    return bounded(online.shownAt(computed), moment);
  }

  #added({ online }: Moment): number {
    return this.#sign * this.#numbers[CORRECTION]! * (online?.spread ?? 0);
  }

  #season(moment: Moment, timeMs: number): number {
    const { online, offsetMs } = moment;
    if (online === undefined) return 0;
    return isSlow(moment)
      ? online.season(timeMs + offsetMs)
      : online.smoothSeason(timeMs + offsetMs);
  }
}
