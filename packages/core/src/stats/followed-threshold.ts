import type { Curve } from "../curve.ts";
import type { AdaptiveQuantile } from "./adaptive-quantile.ts";
import { clampFinite, within } from "./clamp.ts";
import { copiedDoubles, doubles } from "./doubles.ts";
import { DrawnCurve, type DrawnCurveSnapshot } from "./drawn-curve.ts";
import { requireSnapshot } from "./errors.ts";
import { ratePromise } from "./rate-promise.ts";
import type { Side } from "./strategies.ts";

const MINUTE_MS = 60_000;
const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A curve reaches so many steps ahead: a day, or as many samples of a slower series. */
const STEPS_AHEAD = 24;
/** A curve of which less than this is left is drawn anew, so that who holds it always knows the next hours. */
const LEAST_STEPS_AHEAD = 6;
/** Share of the way that is left after a step, as a power of what the rate leaves: a rate of 0.05 goes 64 % of it, 0.3 all. */
const FOLLOW_POWER = 20;
/**
 * Gain of the correction beside that of the online threshold, at a promise of 1: the rarer exceedances are, the more
 * each says. Chosen, with the numbers below, on synthetic kinds, NAB's half and every third of kpi; checked on wsd.
 */
const GAIN_SHARE = 0.001;
const MOST_GAIN_SHARE = 0.1;
/** Part of a step by which each exceedance that is owed moves the correction. */
const OWED_SHARE = 0.05;
/** What a burst let through beyond these is not paid back: the threshold would stand above everything for days. */
const OWED_LIMIT = 20;
/** So many curves in a day double the tolerance: late by little is better than late by a pause. */
const TOLERANCE_CURVES = 70;
/** From about so many on each has to wait: after a minute, after a quarter of an hour at that number. */
const PAUSE_CURVES = 110;
const LONGEST_PAUSE_MS = 840_000;
const PAUSE_POWER = 16;
/** Samples that the recent rate looks back on. */
const RECENT_SAMPLES = 100;
/** Learning rate of the online threshold, whose gain the correction takes a share of. */
const ONLINE_LEARNING_RATE = 0.05;

// Places of the numbers of the state.
/** Without season and correction, unit of the values; the whole threshold where it is constant. */
const BASE = 0;
/** Added to the base, in spreads, outward. */
const CORRECTION = 1;
/** Exceedances beyond the promised ones while it followed, ± OWED_LIMIT. */
const OWED = 2;
/** How fast the base follows the online threshold, 0 … 1; 0: it does not. */
const RATE = 3;
/** 1 where neither the clock nor what is learned moves it. */
const CONSTANT = 4;
const STEPPED_AT = 5;
const DRAWN_AT = 6;
/** Curves drawn in about the last day. */
const CURVES = 7;
/** Share of the last samples that were beyond, and how many it is of. */
const RECENT_RATE = 8;
const RECENT = 9;
const NUMBERS = 10;

/** State of a `FollowedThreshold`: plain JSON. */
export interface FollowedThresholdSnapshot {
  readonly numbers: readonly number[];
  readonly curve: DrawnCurveSnapshot;
}

/** What a threshold is moved or drawn by: a time, and what is known of the series then. */
export interface Moment {
  /** Event time, ms. */
  readonly timeMs: number;
  /** What local time is ahead of it, ms. */
  readonly offsetMs: number;
  /** Usual time between two samples, ms. */
  readonly intervalMs: number;
  /** Undefined where nothing is learned online. */
  readonly online: AdaptiveQuantile | undefined;
  /** Whether the threshold may follow what is learned; a frozen series moves with the clock alone. */
  readonly learns: boolean;
  readonly exceedanceRate: number;
  /** Bounds of the threshold, unit of the values. */
  readonly minimum: number;
  readonly maximum: number;
  /** Distance from its computed place at which the threshold is drawn anew, in spreads. */
  readonly tolerance: number;
}

/**
 * The threshold in force: parameters that follow those that are learned online, and the curve that was last drawn from
 * them and handed out. The curve, not the parameters, is what samples are judged by: the promise holds for what
 * subscribers have.
 *
 * threshold = base + season + correction · spread. The base follows the online threshold, at most once a minute; the
 * correction pays back what the curve itself let through too often or too seldom (a delay, a pause, a season that
 * fails), an integral controller of a fiftieth of the online one's gain at a promise of 5 %. A curve is drawn for the next day, or the next
 * 24 samples, when the threshold has left the last one by the tolerance; the tolerance grows with the square of the
 * curves of the last day and a pause bounds them, so no series draws more than about 100 a day.
 *
 * Cost: O(1) a sample, about 30 ns; a step a minute 0.2 µs; 430 bytes with a curve. Shift and scale equivariant, up to
 * rounding. Source: Angelopoulos, Candès and Tibshirani (2023), NeurIPS 36 (error integration).
 */
export class FollowedThreshold {
  readonly #sign: 1 | -1;
  #numbers = doubles(NUMBERS, 0);
  #curve: DrawnCurve;

  /** A threshold that stays what it is. */
  constructor(side: Side, value: number, timeMs: number) {
    this.#sign = side === "upper" ? 1 : -1;
    this.#curve = DrawnCurve.constant(value, timeMs);
    this.hold(value, timeMs);
  }

  /** The threshold handed out for a time (ms), unit of the values, finite. */
  at(timeMs: number): number {
    return this.#curve.at(timeMs);
  }

  /** What is handed out, for messages; undefined where it is constant. */
  get schedule(): Curve | undefined {
    return this.#curve.toCurve();
  }

  /** How fast it follows what is learned, 0 … 1; 0: neither that nor the clock moves it. */
  get rate(): number {
    return this.#numbers[RATE]!;
  }

  /** Share of about the last 100 samples that were beyond it, 0 … 1; undefined before the first. */
  get recentRate(): number | undefined {
    return this.#numbers[RECENT] === 0 ? undefined : this.#numbers[RECENT_RATE]!;
  }

  /** Makes it a constant. */
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
   * Makes it a value, and lets it follow what is learned from then on.
   *
   * @param atMs When it is to be that value. What was decided more than a minute ago is of another hour and level: then
   * it begins where the online one is.
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

  /** Moves it by a distance, unit of the values. What is learned stays what it follows: a wrong distance fades. */
  shift(distance: number, moment: Moment): void {
    const numbers = this.#numbers;
    const spread = moment.online?.spread ?? 0;
    if (numbers[CONSTANT] === 0 && spread > 0)
      numbers[CORRECTION] = clampFinite(numbers[CORRECTION]! + (this.#sign * distance) / spread);
    else numbers[BASE] = clampFinite(numbers[BASE]! + distance);
    this.#draw(moment);
  }

  /** Counts a sample against what was handed out for its time, in order of time. */
  judge(timeMs: number, value: number, online: AdaptiveQuantile | undefined, rate: number): void {
    const numbers = this.#numbers;
    const threshold = this.#curve.at(timeMs);
    // Only a constant lies on the values of a series whose values tie.
    const lies =
      online !== undefined && this.#curve.isConstant
        ? online.compare(value, threshold)
        : Math.sign(this.#sign * (value - threshold));
    const beyond = lies > 0 ? 1 : 0;
    numbers[RECENT] = Math.min(RECENT_SAMPLES, numbers[RECENT]! + 1);
    numbers[RECENT_RATE]! += (beyond - numbers[RECENT_RATE]!) / numbers[RECENT]!;
    if (online === undefined || numbers[RATE] === 0 || online.spread === 0) return;
    // On the threshold the sample may count as either: it evens out what is owed and no more.
    if (lies === 0 && numbers[OWED]! < 0) {
      numbers[OWED] = Math.min(0, numbers[OWED]! + 1 - rate);
      return;
    }
    numbers[OWED] = within(numbers[OWED]! + beyond - rate, OWED_LIMIT);
    const gain = ratePromise(rate, ONLINE_LEARNING_RATE).gain * online.tail;
    const owed = OWED_SHARE * rate * numbers[OWED]!;
    const step = Math.min(MOST_GAIN_SHARE, GAIN_SHARE / rate) * gain * (beyond - rate + owed);
    // By Markov's inequality no quantile is farther from the level.
    numbers[CORRECTION] = within(numbers[CORRECTION]! + step, 2 / rate);
  }

  /** Whether it may move by then: at most once a minute. Cost: O(1), 2 ns. */
  isDue(timeMs: number): boolean {
    return this.#numbers[CONSTANT] === 0 && timeMs >= this.#numbers[STEPPED_AT]! + MINUTE_MS;
  }

  /** Follows what is learned and the clock. @returns Whether the curve was drawn anew. */
  step(moment: Moment): boolean {
    const numbers = this.#numbers;
    const { timeMs, online, tolerance } = moment;
    if (online?.base === undefined || !this.isDue(timeMs)) return false;
    numbers[STEPPED_AT] = timeMs;
    if (moment.learns) {
      // The value of now and not its parts: the online season steps at each hour, that of a curve does not.
      const learned = online.computedAt(timeMs + moment.offsetMs) - this.#season(moment, timeMs);
      const share = 1 - (1 - numbers[RATE]!) ** FOLLOW_POWER;
      numbers[BASE]! += share * clampFinite(learned - numbers[BASE]!);
    }
    const curves = this.#curvesAt(timeMs);
    if (
      timeMs <
      numbers[DRAWN_AT]! + MINUTE_MS + LONGEST_PAUSE_MS * (curves / PAUSE_CURVES) ** PAUSE_POWER
    )
      return false;
    const off = Math.abs(this.#value(moment, timeMs) - this.#curve.at(timeMs));
    const isWithin = off <= tolerance * online.spread * (1 + (curves / TOLERANCE_CURVES) ** 2);
    if (isWithin && !this.#endsSoon(timeMs)) return false;
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

  #curvesAt(timeMs: number): number {
    const numbers = this.#numbers;
    return numbers[CURVES]! * Math.exp(-Math.max(0, timeMs - numbers[DRAWN_AT]!) / DAY_MS);
  }

  #endsSoon(timeMs: number): boolean {
    const { isConstant, endMs, stepMs } = this.#curve;
    return !isConstant && endMs - timeMs < LEAST_STEPS_AHEAD * stepMs;
  }

  #draw(moment: Moment): void {
    const { timeMs, intervalMs, online } = moment;
    const isFlat = this.#numbers[CONSTANT] === 1 || online === undefined;
    const stepMs = Math.max(HOUR_MS, intervalMs);
    // Points lie in the middle of local hours, where their season is known, or where samples are expected.
    const startMs = isSlow(moment)
      ? timeMs
      : Math.floor((timeMs + moment.offsetMs - HALF_HOUR_MS) / HOUR_MS) * HOUR_MS +
        HALF_HOUR_MS -
        moment.offsetMs;
    const values = new Float64Array(isFlat ? 1 : STEPS_AHEAD + 2);
    let isConstant = true;
    for (let i = 0; i < values.length; i++) {
      values[i] = this.#value(moment, startMs + i * stepMs);
      if (values[i] !== values[0]) isConstant = false;
    }
    if (isConstant) this.#drawn(DrawnCurve.constant(values[0]!, timeMs), timeMs);
    else this.#drawn(new DrawnCurve(startMs, stepMs, values), timeMs);
  }

  #drawn(curve: DrawnCurve, timeMs: number): void {
    this.#numbers[CURVES] = this.#curvesAt(timeMs) + 1;
    this.#numbers[DRAWN_AT] = timeMs;
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

/** A series that does not come in every hour: of the hours between its samples nothing is known. */
const isSlow = ({ intervalMs }: Moment): boolean => intervalMs > HALF_HOUR_MS;

const bounded = (value: number, { minimum, maximum }: Moment): number =>
  Math.min(maximum, Math.max(minimum, value));
