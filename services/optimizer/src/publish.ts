import {
  PARAMETER_NAMES,
  type ParameterName,
  type Parameters,
  type ParameterValues,
} from "@mapek/core/contract";
import { clamp } from "@mapek/core/statistics";
import type { Output } from "@mapek/runtime";
import { modeOf, type OptimizerState } from "./state.ts";
import type { Moved } from "./tuning/adaptation-state.ts";
import { predictionOf } from "./tuning/trial.ts";

/** Commands may raise parallelism to this multiple of the row's. */
const MAX_PARALLELISM_MULTIPLE = 4;
const MIN_LEARNING_RATE = 0.05;
const MAX_LEARNING_RATE = 1;

/** Parallelism before commands: the row's, moved by adaptation. */
export const adaptedParallelism = (state: OptimizerState): number =>
  state.row.execution_parallelism + state.adaptation.parallelism.value;

/** The nearest parallelism that a state allows. */
export const clampParallelism = (state: OptimizerState, parallelism: number): number =>
  clamp(parallelism, 1, state.row.execution_parallelism * MAX_PARALLELISM_MULTIPLE);

/** The nearest learning rate in 0.05–1, rounded to 9 decimals against floating point noise. */
export const clampLearningRate = (rate: number): number =>
  clamp(round(rate), MIN_LEARNING_RATE, MAX_LEARNING_RATE);

/**
 * Analysis depth, raised in proportion to a monitoring interval that adaptation has lengthened, up to healthy's depth.
 * The rows of loaded states analyse less deeply than healthy's; fewer cycles per second pay for deeper ones.
 */
function analysisDepth({ row, adaptation, settings }: OptimizerState): number {
  const most = settings.profile.healthy.analysis_depth;
  const deeper = Math.round(row.analysis_depth * Math.max(1, adaptation.interval.value));
  return clamp(deeper, row.analysis_depth, most);
}

const round = (value: number): number => Math.round(value * 1e9) / 1e9;

/** The six parameters of the control loop, from the state's row, the adaptation and the commands. */
export function parameterValues(state: OptimizerState): ParameterValues {
  const { row, adaptation, settings } = state;
  return {
    monitoring_interval: Math.max(
      row.monitoring_interval * adaptation.interval.value,
      Number.MIN_VALUE,
    ),
    analysis_depth: analysisDepth(state),
    planning_lookahead: row.planning_lookahead,
    execution_parallelism: clampParallelism(
      state,
      adaptedParallelism(state) + state.parallelismDelta,
    ),
    knowledge_retention: settings.knowledge_retention,
    learning_rate: clampLearningRate(row.learning_rate * state.learningRateFactor),
  };
}

/** The prediction of a change that this message publishes first (`seen` is 0); empty for older changes. */
function predictionIn(
  { adaptation, row }: OptimizerState,
  changed: readonly ParameterName[],
  last: Parameters | null,
): Pick<Parameters, "predicted"> {
  const seconds = row.monitoring_interval * adaptation.interval.value;
  const fresh = [adaptation.step, adaptation.transition].find(
    (trial) =>
      trial?.seen === 0 &&
      (trial.setting === "state" ? trial.to !== last?.state : changed.includes(trial.setting)),
  );
  return fresh ? { predicted: predictionOf(fresh, seconds) } : {};
}

/**
 * Publishes the parameters where a value, the state or the mode differs from what was published
 * last, and always the first time. In mode off only the mode is published: values stay as they were.
 */
export function publishIfChanged(
  state: OptimizerState,
  reason: string,
  outputs: Output[],
  moved?: Moved,
): void {
  const last = state.published;
  const mode = modeOf(state);
  const frozen = mode === "off" && last !== null;
  const values = frozen ? last : parameterValues(state);
  const current = frozen ? last.state : state.state;
  const changed =
    last === null
      ? [...PARAMETER_NAMES]
      : PARAMETER_NAMES.filter((name) => values[name] !== last[name]);
  if (last !== null && changed.length === 0 && last.state === current && last.mode === mode) return;
  const message: Parameters = {
    version: 1,
    system: state.system,
    monitoring_interval: values.monitoring_interval,
    analysis_depth: values.analysis_depth,
    planning_lookahead: values.planning_lookahead,
    execution_parallelism: values.execution_parallelism,
    knowledge_retention: values.knowledge_retention,
    learning_rate: values.learning_rate,
    state: current,
    mode,
    changed,
    reason,
    ...(moved !== undefined && { phase: moved.phase }),
    ...predictionIn(state, changed, last),
    ...(moved?.outcome !== undefined && { outcome: moved.outcome }),
    timestamp: state.timeMs,
  };
  state.published = message;
  const { system } = state;
  outputs.push(
    { to: "log", family: "parameters", tokens: [system], message },
    {
      to: "feedback",
      key: system,
      input: { version: 1, time: state.timeMs, system, kind: "parameters", parameters: message },
    },
  );
}
