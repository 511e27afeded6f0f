import {
  DEFAULT_PROFILE,
  type Labels,
  type Parameters,
  type ParameterValues,
  seriesKey,
  type Threshold,
} from "@mapek/core/contract";
import { thresholdAt } from "@mapek/core/curve";

/** Values of one observation of a system, by metric. */
export type MonitoredMetrics = Readonly<Record<string, number>>;

/** One observation of a system. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly metrics: MonitoredMetrics;
}

export type LoopParameters = Readonly<ParameterValues>;

/** The knowledge of a MapeLoop (the K of MAPE-K), as its functions get it. */
export interface LoopKnowledge {
  /**
   * Upper thresholds in force of the loop's own metrics. `threshold` is the value at the newest observation, so it can
   * be compared with that observation's metrics; `thresholdAt(message, timeMs)` is the value at another time.
   */
  readonly thresholds: Readonly<Record<string, Threshold>>;
  /** Lower thresholds where they are learned, with the values at the newest observation too. */
  readonly lowerThresholds: Readonly<Record<string, Threshold>>;
  /** The last `analysis_depth` observations, oldest first, including this cycle's. */
  readonly history: readonly Observation[];
  readonly parameters: LoopParameters;
}

/** The parameters of the default profile's healthy state, and the default retention. */
const DEFAULT_PARAMETERS: LoopParameters = {
  ...DEFAULT_PROFILE.healthy,
  knowledge_retention: 604_800,
};

/** Most observations kept, whatever `analysis_depth` is. */
const MOST_OBSERVATIONS = 100_000;

/** Holds a loop's knowledge: parameters in mode `apply`, thresholds of its metrics, its observations. */
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

  /** Takes new parameters; returns false where they belong to another system or their mode is not `apply`. */
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
   * A copy that does not change while a function of the loop works on it. Thresholds get their values at the newest
   * observation: the message of a threshold that follows the time of day may be hours old.
   *
   * Cost: O(analysis depth + metrics, and the pairs of their schedules).
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
