import type { OptimizerInput, Performance, Request } from "@mapek/core/contract";
import type { Actor, Output } from "@mapek/runtime";
import { receiveCommand } from "./commands.ts";
import { receiveControl, receiveSettings } from "./operator.ts";
import { pressureOf } from "./pressure.ts";
import { publishIfChanged } from "./publish.ts";
import { loadState, saveState } from "./snapshot.ts";
import { createState, modeOf, type OptimizerState } from "./state.ts";
import { evaluate } from "./states/evaluate.ts";
import { nextChangeAt } from "./states/state-machine.ts";
import { adapt, learn } from "./tuning/adaptation.ts";

/**
 * One managed system: folds its performance reports, decides its state and publishes the
 * parameters of its control loop.
 *
 * Cost: about 0.4 µs for a report that changes nothing (benchmark "optimizer evaluations"); it builds no text.
 */
export const optimizerActor: Actor<OptimizerState, OptimizerInput> = {
  create: createState,
  receive,
  dueAt(state) {
    if (modeOf(state) === "off" || state.forced !== null || state.window.reports === 0)
      return undefined;
    return nextChangeAt(state);
  },
  query,
  save: saveState,
  load: loadState,
};

function receive(state: OptimizerState, input: OptimizerInput): Output[] {
  if (input.time > state.timeMs) state.timeMs = input.time;
  const outputs: Output[] = [];
  switch (input.kind) {
    case "performance":
      receivePerformance(state, input.performance, outputs);
      break;
    case "tick":
      receiveTick(state, outputs);
      break;
    case "settings":
      receiveSettings(state, input.settings, outputs);
      break;
    case "control":
      receiveControl(state, input.control, outputs);
      break;
    case "command":
      receiveCommand(state, input, outputs);
      break;
    default:
      input satisfies never;
  }
  return outputs;
}

function receivePerformance(state: OptimizerState, report: Performance, outputs: Output[]): void {
  state.window.update(report);
  const pressure = pressureOf(report);
  if (!Number.isNaN(pressure)) state.outcomes.update(pressure);
  if (modeOf(state) !== "off") optimize(state, pressure, outputs);
  if (state.published === null) publishIfChanged(state, "first parameters of this system", outputs);
  if (!Number.isNaN(pressure)) sendOutcomes(state, outputs);
}

function optimize(state: OptimizerState, pressure: number, outputs: Output[]): void {
  learn(state, pressure);
  const entered = evaluate(state, outputs);
  if (entered !== undefined) publishIfChanged(state, entered, outputs);
  else {
    const moved = adapt(state);
    if (moved !== undefined) publishIfChanged(state, moved.reason, outputs, moved);
  }
}

function sendOutcomes(state: OptimizerState, outputs: Output[]): void {
  const { system } = state;
  for (let due = state.outcomes.takeDue(); due !== undefined; due = state.outcomes.takeDue()) {
    outputs.push({
      to: "feedback",
      key: system,
      input: {
        version: 1,
        time: state.timeMs,
        system,
        kind: "outcome",
        action_id: due.actionId,
        objective: "pressure",
        before: due.before,
        after: due.after,
        ...(due.forecast && {
          expected: due.forecast.expected,
          noise_variance: due.forecast.variance,
          samples: due.forecast.freedom,
        }),
      },
    });
  }
}

/** A tick brings no report: the state changes only where a dwell, a recovery hold or the flap budget has ended. */
function receiveTick(state: OptimizerState, outputs: Output[]): void {
  if (modeOf(state) === "off") return;
  const reason = evaluate(state, outputs);
  if (reason !== undefined) publishIfChanged(state, reason, outputs);
}

function query(state: OptimizerState, verb: string, request: Request): unknown[] {
  switch (verb) {
    case "parameters":
      return state.published === null
        ? []
        : [
            {
              ...state.published,
              performance: state.window.meansByName(),
              reports: state.window.reports,
              changes: state.changes,
            },
          ];
    case "transitions":
      return request.limit === undefined ? [...state.history] : state.history.slice(-request.limit);
    default:
      return [];
  }
}
