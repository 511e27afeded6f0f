import type { OptimizerCommand, OptimizerInput, SettingValue } from "@mapek/core/contract";
import { clamp, figure } from "@mapek/core/statistics";
import type { Output } from "@mapek/runtime";
import { remember } from "./answers.ts";
import type { Measurements } from "./performance-window.ts";
import { pressureOf } from "./pressure.ts";
import {
  adaptedParallelism,
  clampLearningRate,
  clampParallelism,
  parameterValues,
  publishIfChanged,
} from "./publish.ts";
import { modeOf, type OptimizerState } from "./state.ts";
import { evaluate } from "./states/evaluate.ts";

/** Upper bound of `cycle_latency` in the schema of a performance report: one day. */
const MAX_LATENCY_SECONDS = 86_400;

type CommandInput = Extract<OptimizerInput, { kind: "command" }>;

interface Verdict {
  applied: boolean;
  from: SettingValue;
  to: SettingValue;
  reason: string;
}

/**
 * Carries out a command of the feedback service, or refuses it, and confirms either once. A
 * repeated action id changes nothing and is confirmed with the first answer.
 */
export function receiveCommand(
  state: OptimizerState,
  input: CommandInput,
  outputs: Output[],
): void {
  let answer = state.answers.get(input.action_id);
  if (answer === undefined) {
    const verdict =
      modeOf(state) === "apply"
        ? carryOut(state, input.action_id, input.command, outputs)
        : refuseInMode(state, input.command);
    answer = { ...verdict, timeMs: state.timeMs };
    remember(state.answers, input.action_id, answer);
  }
  outputs.push({
    to: "feedback",
    key: state.system,
    input: {
      version: 1,
      time: answer.timeMs,
      system: state.system,
      kind: "confirmation",
      action_id: input.action_id,
      applied: answer.applied,
      from: answer.from,
      to: answer.to,
      reason: answer.reason,
    },
  });
}

function refuseInMode(state: OptimizerState, command: OptimizerCommand): Verdict {
  return refuse(settingOf(state, command), `mode is ${modeOf(state)}, not apply`);
}

const refuse = (value: SettingValue, reason: string): Verdict => ({
  applied: false,
  from: value,
  to: value,
  reason,
});

function settingOf(state: OptimizerState, command: OptimizerCommand): SettingValue {
  switch (command.name) {
    case "re_evaluate":
      return state.state;
    case "scale_learning_rate":
      return parameterValues(state).learning_rate;
    case "adjust_parallelism":
      return parameterValues(state).execution_parallelism;
  }
}

function carryOut(
  state: OptimizerState,
  actionId: string,
  command: OptimizerCommand,
  outputs: Output[],
): Verdict {
  switch (command.name) {
    case "re_evaluate":
      return reEvaluate(state, actionId, command, outputs);
    case "scale_learning_rate":
      return scaleLearningRate(state, command.factor, outputs);
    case "adjust_parallelism":
      return adjustParallelism(state, command.delta, outputs);
  }
}

/** Evaluates the state without waiting for the dwell; the command's values replace the means of their measures. */
function reEvaluate(
  state: OptimizerState,
  actionId: string,
  values: Measurements,
  outputs: Output[],
): Verdict {
  const from = state.state;
  if (state.forced !== null) return refuse(from, `an operator holds the state ${state.forced}`);
  state.window.replace(withinRanges(values));
  const moved = evaluate(state, outputs, true);
  const reason = moved ?? `re-evaluated: the state stays ${from}`;
  publishIfChanged(state, reason, outputs);
  const before = pressureOf(state.window.meansByName());
  if (!Number.isNaN(before)) state.outcomes.await(actionId, before);
  return { applied: true, from, to: state.state, reason };
}

/** Clamps the measures to the ranges of a performance report: a command may carry any number. */
function withinRanges(values: Measurements): Measurements {
  const { cpu_usage: cpu, memory_usage: memory, cycle_latency: latency } = values;
  return {
    cpu_usage: cpu && clamp(cpu, 0, 100),
    memory_usage: memory && clamp(memory, 0, 100),
    cycle_latency: latency && clamp(latency, 0, MAX_LATENCY_SECONDS),
  };
}

function scaleLearningRate(state: OptimizerState, factor: number, outputs: Output[]): Verdict {
  const row = state.row.learning_rate;
  const from = parameterValues(state).learning_rate;
  const to = clampLearningRate(from * factor);
  if (to === from) return refuse(from, `learning_rate stays ${figure(from)}: bounds 0.05–1`);
  state.learningRateFactor = to / row;
  const reason = `learning_rate ${figure(from)} × ${figure(factor)} → ${figure(to)}`;
  publishIfChanged(state, reason, outputs);
  return { applied: true, from, to, reason };
}

function adjustParallelism(state: OptimizerState, delta: number, outputs: Output[]): Verdict {
  const from = parameterValues(state).execution_parallelism;
  const to = clampParallelism(state, from + delta);
  if (to === from)
    return refuse(
      from,
      `execution_parallelism stays ${from}: bounds 1–${clampParallelism(state, Number.POSITIVE_INFINITY)}`,
    );
  state.parallelismDelta = to - adaptedParallelism(state);
  if (state.adaptation.step?.setting === "execution_parallelism") state.adaptation.step = null;
  const reason = `execution_parallelism ${from} ${delta < 0 ? "−" : "+"} ${Math.abs(delta)} → ${to}`;
  publishIfChanged(state, reason, outputs);
  return { applied: true, from, to, reason };
}
