import { thresholdAt } from "@mapek/core/curve";
import {
  DEFAULT_PROFILE,
  type Labels,
  type Parameters,
  type ParameterValues,
  seriesKey,
  type Threshold,
} from "@mapek/core/messages";

/** Values of one look at a system, by metric. */
export type MonitoredMetrics = Readonly<Record<string, number>>;

/** One look at a system, kept. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly metrics: MonitoredMetrics;
}

export type LoopParameters = Readonly<ParameterValues>;

/** What a MapeLoop knows: the K of MAPE-K, as its functions see it. */
export interface LoopKnowledge {
  /**
   * Upper thresholds in force of the loop's own metrics: `threshold` is the value that holds at the newest look, with
   * whose metrics it may be compared. For another time: `thresholdAt(it, timeMs)`, which follows its schedule.
   */
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /** Lower ones, where they are learned; values of the newest look, too. */
  readonly lowerThresholds: Readonly<Record<string, Threshold>>;
  /** The last `analysis_depth` looks, oldest first, this cycle's included. */
  readonly history: readonly Observation[];
  readonly parameters: LoopParameters;
}

/** The parameters of the default profile's healthy state, and the default retention. */
const DEFAULT_PARAMETERS: LoopParameters = {
  ...DEFAULT_PROFILE.healthy,
  knowledge_retention: 604_800,
};

/** Most observations that are kept, whatever the analysis depth. */
const MOST_OBSERVATIONS = 100_000;

/**
 * Gathers what a loop knows: parameters in mode `apply`, thresholds of its metrics, its own history.
 *
 * Memory: the last `analysis_depth` observations, at most 100,000.
 */
export class Knowledge {
  readonly #system: string;
  readonly #labels: Labels;
  readonly #thresholds = new Map<string, Threshold>();
  readonly #lowerThresholds = new Map<string, Threshold>();
  readonly #history: Observation[] = [];
  #parameters: LoopParameters;

  constructor(system: string, labels: Labels, initial: Partial<ParameterValues>) {
    this.#system = system;
    this.#labels = labels;
    this.#parameters = Object.freeze({ ...DEFAULT_PARAMETERS, ...initial });
  }

  get parameters(): LoopParameters {
    return this.#parameters;
  }

  /** Takes new parameters; false for those that are not to be applied. */
  applyParameters(message: Parameters): boolean {
    if (message.mode !== "apply" || message.system !== this.#system) return false;
    const { monitoring_interval, analysis_depth, planning_lookahead } = message;
    const { execution_parallelism, knowledge_retention, learning_rate } = message;
    this.#parameters = Object.freeze({
      monitoring_interval,
      analysis_depth,
      planning_lookahead,
      execution_parallelism,
      knowledge_retention,
      learning_rate,
    });
    return true;
  }

  learnThreshold(threshold: Threshold): void {
    const key = seriesKey(threshold.system, threshold.metric, threshold.labels);
    if (key === seriesKey(this.#system, threshold.metric, this.#labels))
      (threshold.side === "lower" ? this.#lowerThresholds : this.#thresholds).set(
        threshold.metric,
        threshold,
      );
  }

  remember(observation: Observation): void {
    const depth = Math.min(this.#parameters.analysis_depth, MOST_OBSERVATIONS);
    this.#history.push(observation);
    if (this.#history.length > depth) this.#history.splice(0, this.#history.length - depth);
  }

  /**
   * A view that stays as it is while a function works on it, with the thresholds of the newest look: the message of one
   * that follows the day may be hours old. Cost: O(analysis depth + metrics, and the pairs of their schedules).
   */
  snapshot(): LoopKnowledge {
    const lookedAt = this.#history.at(-1)?.timestamp;
    return {
      thresholds: valuesAt(this.#thresholds, lookedAt),
      lowerThresholds: valuesAt(this.#lowerThresholds, lookedAt),
      history: [...this.#history],
      parameters: this.#parameters,
    };
  }
}

function valuesAt(
  thresholds: ReadonlyMap<string, Threshold>,
  timeMs: number | undefined,
): Record<string, Threshold> {
  const found = Object.fromEntries(thresholds);
  if (timeMs !== undefined)
    for (const [metric, one] of thresholds)
      if (one.schedule !== undefined)
        found[metric] = { ...one, threshold: thresholdAt(one, timeMs) };
  return found;
}
