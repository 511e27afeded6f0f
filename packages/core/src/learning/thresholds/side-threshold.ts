import { ownText, type SeriesSettings, THRESHOLD_SOURCES } from "../../contract/index.ts";
import type { Curve } from "../../curve.ts";
import {
  AdaptiveQuantile,
  type AdaptiveQuantileSnapshot,
  FollowedThreshold,
  type FollowedThresholdSnapshot,
  type Moment,
  type Side,
  zoneOffset,
} from "../../statistics/index.ts";
import type { ThresholdInForce } from "../events.ts";
import type { Samples } from "../learnable-samples.ts";
import {
  type PromiseOutcome,
  ThresholdPromise,
  type ThresholdPromiseSnapshot,
} from "./threshold-promise.ts";

/** State of a {@link SideThreshold}. */
export interface SideSnapshot {
  readonly side: Side;
  readonly inForce: ThresholdInForce | null;
  readonly outdated: boolean;
  /** What moves the threshold in force; null where none is in force. Absent in schema 5, whose thresholds are constant. */
  readonly followed?: FollowedThresholdSnapshot | null;
  /** Null where this side is not learned. */
  readonly adaptive: AdaptiveQuantileSnapshot | null;
  readonly promise: ThresholdPromiseSnapshot;
}

const NO_OUTCOMES: readonly PromiseOutcome[] = [];

/** A requested change of a threshold in force. */
export interface ThresholdMove extends Omit<ThresholdInForce, "previous"> {
  /** The threshold that the sender knew: the one in force moves by `threshold` − `movedFrom`. Undefined: it becomes `threshold`. */
  readonly movedFrom?: number | undefined;
  /** Event time (ms) for which `threshold` is meant, where `movedFrom` is undefined; undefined: the moment of the change. */
  readonly at?: number | undefined;
  /** How fast the threshold follows the online threshold from now on, 0 … 1; undefined: as before. */
  readonly rate?: number | undefined;
}

/** The upper or the lower side of a series: the threshold in force and the online threshold. */
export class SideThreshold {
  readonly side: Side;
  /** Whether the level has shifted since the threshold in force was learned. */
  outdated = false;
  /** The online threshold; undefined while the settings do not ask for this side. */
  adaptive: AdaptiveQuantile | undefined;
  /** The threshold in force as last published. */
  #inForce: ThresholdInForce | null = null;
  /** What moves the threshold in force; undefined while none is in force. */
  #followed: FollowedThreshold | undefined;
  /** Undefined while no change is measured. */
  #promise: ThresholdPromise | undefined;

  constructor(side: Side) {
    this.side = side;
  }

  /** The threshold in force as last published. */
  get inForce(): ThresholdInForce | null {
    return this.#inForce;
  }

  /** The threshold in force at a time (ms), as subscribers have it. */
  at(time: number): number | undefined {
    return this.#followed?.at(time);
  }

  /** The threshold from which a recommendation starts; null where the threshold is from before a level shift, unless pinned. */
  usableAt(time: number): number | null {
    if (this.outdated && this.#inForce?.pinned === false) return null;
    return this.at(time) ?? null;
  }

  /** The curve of the threshold in force, as subscribers have it; undefined where the threshold is constant. Cost: a list. */
  get schedule(): Curve | undefined {
    return this.#followed?.schedule;
  }

  /**
   * How fast the threshold in force follows the online threshold, 0 … 1; 0 while it does not follow yet. Undefined where none is in
   * force, or a pinned one, which must not follow.
   */
  get rate(): number | undefined {
    return this.#inForce === null || this.#inForce.pinned ? undefined : this.#followed?.rate;
  }

  /** Begins online learning of this side anew, from the given samples; discards everything learned before. */
  learn(settings: SeriesSettings, [times, values]: Samples): void {
    const { exceedance_rate, seasonal, time_zone } = settings;
    this.adaptive = new AdaptiveQuantile({
      exceedanceRate: exceedance_rate,
      side: this.side,
      seasonal,
    });
    const offset = zoneOffset(time_zone);
    for (let i = 0; i < values.length; i++)
      this.adaptive.update(times[i]! + offset(times[i]!), values[i]!);
  }

  set(next: ThresholdMove, moment: Moment): ThresholdInForce {
    const previous = this.at(moment.timeMs);
    const recentRate = this.#followed?.recentRate ?? moment.exceedanceRate;
    this.#move(next, previous, moment);
    this.#handOut(next, previous, moment.timeMs);
    const moved = this.#turn * (this.at(moment.timeMs)! - (previous ?? 0));
    if (next.action_id !== null && previous !== undefined && next.source !== "rollback") {
      this.#promise ??= new ThresholdPromise();
      const before = Math.abs(recentRate - moment.exceedanceRate);
      this.#promise.begin(ownText(next.action_id), moved, before);
    } else this.#promise?.disturb(moved);
    return this.#inForce!;
  }

  #move(next: ThresholdMove, previous: number | undefined, moment: Moment): void {
    const { threshold, movedFrom, at = moment.timeMs, rate, pinned, source } = next;
    this.#followed ??= new FollowedThreshold(this.side, threshold, moment.timeMs);
    const isMoved = movedFrom !== undefined && previous !== undefined;
    const to = isMoved ? previous + (threshold - movedFrom) : threshold;
    const isLearned = !pinned && source !== "operator" && moment.online?.base !== undefined;
    const followsAt = rate ?? this.#followed.rate;
    if (!isLearned || followsAt === 0) this.#followed.hold(to, moment.timeMs);
    else if (rate !== undefined)
      this.#followed.follow(to, isMoved ? moment.timeMs : at, rate, moment);
    else this.#followed.shift(to - (previous ?? to), moment);
  }

  #handOut(
    said: Omit<ThresholdInForce, "previous">,
    previous: number | undefined,
    time: number,
  ): void {
    const followed = this.#followed!;
    this.#inForce = owned({
      ...said,
      threshold: followed.at(time),
      previous: previous ?? null,
    });
  }

  /**
   * Measures the exceedance rate of the threshold in force, and of each recent change, on a sample.
   *
   * @param counts Whether the sample also corrects the threshold in force, so that its exceedance rate returns to the promised one.
   */
  measure(
    time: number,
    value: number,
    promisedRate: number,
    counts: boolean,
  ): readonly PromiseOutcome[] {
    const followed = this.#followed;
    if (followed === undefined) return NO_OUTCOMES;
    if (counts) followed.judge(time, value, this.adaptive, promisedRate);
    if (this.#promise === undefined) return NO_OUTCOMES;
    const threshold = this.#turn * followed.at(time);
    const outcomes = this.#promise.update(this.#turn * value, threshold, promisedRate);
    if (!this.#promise.active) this.#promise = undefined;
    return outcomes;
  }

  /** Whether the threshold in force may move now, with the clock or with the online threshold. Cost: O(1). */
  moves(time: number): boolean {
    return this.#followed?.isDue(time) ?? false;
  }

  /** Moves the threshold in force. @returns The threshold to publish anew; undefined where the published one is near enough. */
  step(moment: Moment): ThresholdInForce | undefined {
    const { timeMs } = moment;
    const previous = this.at(timeMs);
    if (this.#inForce === null || !this.#followed?.step(moment)) return undefined;
    this.#handOut({ ...this.#inForce, timestamp: timeMs }, previous, timeMs);
    return this.#inForce;
  }

  snapshot(): SideSnapshot {
    return {
      side: this.side,
      inForce: this.#inForce,
      outdated: this.outdated,
      followed: this.#followed?.snapshot() ?? null,
      adaptive: this.adaptive?.snapshot() ?? null,
      promise: this.#promise?.snapshot() ?? [],
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore(snapshot: SideSnapshot): SideThreshold {
    const { side, inForce, outdated, followed, adaptive, promise } = snapshot;
    const restored = new SideThreshold(side);
    restored.outdated = outdated;
    if (adaptive !== null) restored.adaptive = AdaptiveQuantile.restore(adaptive);
    if (inForce !== null) {
      restored.#followed = followed
        ? FollowedThreshold.restore(followed, side)
        : new FollowedThreshold(side, inForce.threshold, inForce.timestamp);
      restored.#inForce = owned(inForce);
    }
    if (promise.length > 0) restored.#promise = ThresholdPromise.restore(promise);
    return restored;
  }

  /** −1 negates values of the lower side, since `ThresholdPromise` counts only samples above a threshold. */
  get #turn(): 1 | -1 {
    return this.side === "upper" ? 1 : -1;
  }
}

/**
 * Copies a threshold with flat texts by `ownText`, so that no text keeps a whole decoded message in memory. The literal names each
 * field, so that all fields lie in the object itself.
 */
const owned = (threshold: ThresholdInForce): ThresholdInForce => ({
  threshold: threshold.threshold,
  strategy: ownText(threshold.strategy),
  confidence: threshold.confidence,
  reasoning: ownText(threshold.reasoning),
  source: THRESHOLD_SOURCES.find((source) => source === threshold.source) ?? threshold.source,
  pinned: threshold.pinned,
  action_id: threshold.action_id === null ? null : ownText(threshold.action_id),
  timestamp: threshold.timestamp,
  previous: threshold.previous,
});
