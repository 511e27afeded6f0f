import { ownText, type SeriesSettings, THRESHOLD_SOURCES } from "../messages/index.ts";
import {
  AdaptiveQuantile,
  type AdaptiveQuantileSnapshot,
  type Recommendation,
  type Side,
} from "../stats/index.ts";
import type { ThresholdInForce } from "./events.ts";
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
  /** Null where this side is not learned. */
  readonly adaptive: AdaptiveQuantileSnapshot | null;
  readonly promise: ThresholdPromiseSnapshot;
}

const NO_OUTCOMES: readonly PromiseOutcome[] = [];

/** The upper or the lower threshold of a series: the one in force, and what learns the next. */
export class SideThreshold {
  readonly side: Side;
  inForce: ThresholdInForce | null = null;
  /** Whether the level has shifted since what is in force was learned. */
  outdated = false;
  /** Learns online; undefined while the settings do not ask for this side. */
  adaptive: AdaptiveQuantile | undefined;
  /** Undefined while no promise is measured. */
  #promise: ThresholdPromise | undefined;

  constructor(side: Side) {
    this.side = side;
  }

  /** The threshold that a recommendation starts from; one from before a level shift is none. */
  get usable(): ThresholdInForce | null {
    return this.outdated && this.inForce?.pinned === false ? null : this.inForce;
  }

  /** Learns this side from now on, with the samples there are. */
  learn(
    { exceedance_rate, seasonal }: SeriesSettings,
    localTimes: Float64Array,
    values: Float64Array,
  ): void {
    this.adaptive = new AdaptiveQuantile({
      exceedanceRate: exceedance_rate,
      side: this.side,
      seasonal,
    });
    for (let i = 0; i < values.length; i++) this.adaptive.update(localTimes[i]!, values[i]!);
  }

  /** @param recent The newest values of the window, oldest first. */
  set(
    next: Omit<ThresholdInForce, "previous">,
    recent: () => Float64Array,
    promisedRate: number,
  ): ThresholdInForce {
    const previous = this.inForce?.threshold ?? null;
    this.inForce = owned({ ...next, previous });
    const { action_id } = this.inForce;
    if (action_id !== null && previous !== null && next.source !== "rollback") {
      this.#promise ??= new ThresholdPromise();
      const turn = this.#turn;
      this.#promise.begin(
        action_id,
        turn * previous,
        turn * next.threshold,
        recent().map((value) => turn * value),
        promisedRate,
      );
    }
    return this.inForce;
  }

  /** Measures the promises of changed thresholds on the next sample. */
  measure(value: number, promisedRate: number): readonly PromiseOutcome[] {
    if (this.#promise === undefined) return NO_OUTCOMES;
    const outcomes = this.#promise.update(this.#turn * value, promisedRate);
    if (!this.#promise.active) this.#promise = undefined;
    return outcomes;
  }

  snapshot(): SideSnapshot {
    return {
      side: this.side,
      inForce: this.inForce,
      outdated: this.outdated,
      adaptive: this.adaptive?.snapshot() ?? null,
      promise: this.#promise?.snapshot() ?? [],
    };
  }

  /** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
  static restore({ side, inForce, outdated, adaptive, promise }: SideSnapshot): SideThreshold {
    const restored = new SideThreshold(side);
    restored.inForce = inForce === null ? null : owned(inForce);
    restored.outdated = outdated;
    if (adaptive !== null) restored.adaptive = AdaptiveQuantile.restore(adaptive);
    if (promise.length > 0) restored.#promise = ThresholdPromise.restore(promise);
    return restored;
  }

  /** A promise counts what is above: the lower side is measured upside down. */
  get #turn(): 1 | -1 {
    return this.side === "upper" ? 1 : -1;
  }
}

/** With texts of its own, which keep no message in memory and are put together already; each field in the object itself. */
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

/** A learned threshold within the bounds that the settings set; the maximum wins. */
export function boundedThreshold(
  threshold: number,
  { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY }: SeriesSettings,
): number {
  return Math.min(maximum, Math.max(minimum, threshold));
}

/** A recommendation within the bounds, which says so. */
export function boundedRecommendation(
  recommendation: Recommendation,
  settings: SeriesSettings,
): Recommendation {
  const { recommended_value: learned, reasoning } = recommendation;
  const bounded = boundedThreshold(learned, settings);
  if (bounded === learned) return recommendation;
  const bound = bounded === settings.maximum ? "maximum" : "minimum";
  return {
    ...recommendation,
    recommended_value: bounded,
    reasoning: `${reasoning} Held at the ${bound} of ${bounded}.`,
  };
}
