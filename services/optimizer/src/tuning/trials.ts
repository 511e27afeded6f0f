import type { OutcomeOfChange, SystemState } from "@mapek/core/contract";
import { appendBounded } from "@mapek/core/forget-oldest";
import { figure } from "@mapek/core/statistics";
import { WINDOW_REPORTS } from "../performance-window.ts";
import { modeOf, type OptimizerState } from "../state.ts";
import type { Moved } from "./adaptation-state.ts";
import { forgetTrouble } from "./interval-cost.ts";
import { probeFailed, probeFound } from "./latency-gradient.ts";
import { type Lever, move, setBack } from "./lever.ts";
import { judge, observe, type Trial } from "./trial.ts";

/** Number of judged changes that are kept. */
const OUTCOME_LIMIT = 100;
/** A cut is judged by one report, the second after it. */
const CUT_REPORTS = 1;
/** Share of its prediction by which a probe must have lowered the latency. */
const PROBE_SHARE = 0.5;

type Step = Omit<Trial, "wanted" | "seen" | "after">;

/** Opens the trial of a step. A step still under judgement is given up: its effect can no longer be told apart. */
export function beginStep(state: OptimizerState, step: Step): void {
  state.adaptation.step = {
    ...step,
    before: step.before.filter((value) => !Number.isNaN(value)),
    wanted: step.kind === "cut" ? CUT_REPORTS : state.settings.judgement_reports,
    seen: 0,
    after: [],
  };
}

/**
 * Opens the trial of a change of state, in mode apply. Prediction: in critical, degraded and optimizing pressure falls
 * by the hysteresis share; in recovering and healthy it stays as it was.
 */
export function beginTransition(state: OptimizerState, from: SystemState, to: SystemState): void {
  if (modeOf(state) !== "apply") return;
  const before = state.outcomes.recent();
  if (before.length === 0) return;
  const mean = before.reduce((sum, pressure) => sum + pressure, 0) / before.length;
  const isWorse = to !== "healthy" && to !== "recovering";
  state.adaptation.transition = {
    setting: "state",
    objective: "pressure",
    from,
    to,
    undo: null,
    rest: null,
    kind: "state",
    before,
    predicted: isWorse ? mean * (1 - state.settings.hysteresis) : mean,
    wanted: WINDOW_REPORTS,
    seen: 0,
    after: [],
  };
}

/** Folds the newest report into the open trials. @returns The move that follows from a judgement; undefined where none does. */
export function judgeTrials(state: OptimizerState): Moved | undefined {
  const { adaptation } = state;
  const { transition, step } = adaptation;
  if (transition !== null && observe(transition, newest(state, transition))) {
    adaptation.transition = null;
    verdict(state, transition);
  }
  if (step === null || !observe(step, newest(state, step))) return undefined;
  adaptation.step = null;
  const outcome = verdict(state, step);
  switch (step.kind) {
    case "probe":
      return afterProbe(state, step, outcome);
    case "cut":
      return afterCut(state, step, outcome);
    default:
      if (outcome === undefined) return undefined;
      return outcome.worse ? rollBack(state, step, outcome) : completeStep(state, step, outcome);
  }
}

function newest(state: OptimizerState, { objective }: Trial): number {
  switch (objective) {
    case "pressure":
      return state.outcomes.newest();
    case "cycle_latency":
      return state.window.newest("cycle_latency");
    case "look_loss":
      return state.adaptation.looks.loss;
  }
}

function verdict(state: OptimizerState, trial: Trial): OutcomeOfChange | undefined {
  const outcome = judge(trial, state.settings.rollback_standard_errors, state.timeMs);
  if (outcome === undefined) return undefined;
  appendBounded(state.changes, outcome, OUTCOME_LIMIT);
  return outcome;
}

const leverOf = ({ adaptation }: OptimizerState, { setting }: Trial): Lever =>
  setting === "monitoring_interval" ? adaptation.interval : adaptation.parallelism;

function rollBack(state: OptimizerState, trial: Trial, outcome: OutcomeOfChange) {
  const lever = leverOf(state, trial);
  if (trial.undo === null) return undefined;
  move(lever, trial.undo);
  setBack(lever);
  const reason = `${describeOutcome(outcome)}, worse than its noise of ${figure(outcome.noise)}: ${trial.setting} back to ${shown(trial.from)}`;
  return { reason, phase: "rollback", outcome } as const;
}

/** Makes the rest of a step whose canary did no harm, unless the last report no longer wants the raise. */
function completeStep(
  state: OptimizerState,
  trial: Trial,
  outcome: OutcomeOfChange,
): Moved | undefined {
  const lever = leverOf(state, trial);
  if (trial.rest === null) {
    if (trial.undo !== null) lever.setbacks = 0;
    return undefined;
  }
  if (lever.risesFor === 0) return undefined;
  const row =
    trial.setting === "monitoring_interval"
      ? (value: number) => state.row.monitoring_interval * value
      : (value: number) => state.row.execution_parallelism + value;
  const to = row(trial.rest);
  beginStep(state, {
    setting: trial.setting,
    objective: trial.objective,
    kind: "raise",
    from: trial.to,
    to,
    undo: lever.value,
    rest: null,
    before: trial.after,
    predicted: outcome.after,
  });
  move(lever, trial.rest);
  const reason = `${describeOutcome(outcome)}, no worse than its noise allows: ${trial.setting} ${shown(trial.to)} → ${shown(to)}`;
  return { reason, phase: "full", outcome };
}

/** Undoes a shorter interval when the trouble that caused it has gone. */
function afterCut(state: OptimizerState, trial: Trial, outcome?: OutcomeOfChange) {
  const { looks, interval } = state.adaptation;
  if (trial.undo === null || looks.found > 0 || outcome === undefined) return undefined;
  forgetTrouble(looks);
  move(interval, trial.undo);
  const seconds = state.row.monitoring_interval;
  const reason = `the last look found no pressure beyond normal any more: monitoring_interval ${shown(trial.to)} → ${figure(seconds * trial.undo)} s`;
  return { reason, phase: "rollback", outcome } as const;
}

/** Keeps the lower parallelism where it lowered the latency by half of the prediction and beyond noise; else undoes the probe. */
function afterProbe(
  state: OptimizerState,
  trial: Trial,
  outcome: OutcomeOfChange | undefined,
): Moved | undefined {
  const { gradient } = state.adaptation;
  if (outcome !== undefined) {
    const gain = outcome.before - outcome.after;
    const needed = (outcome.before - outcome.predicted) * PROBE_SHARE;
    const noise = outcome.noise * state.settings.rollback_standard_errors;
    if (gain > Math.max(needed, noise)) {
      probeFound(gradient, outcome.after);
      return undefined;
    }
  }
  probeFailed(gradient);
  move(state.adaptation.parallelism, trial.undo as number);
  const told = outcome === undefined ? "no cycle_latency was reported" : describeOutcome(outcome);
  return {
    reason: `${told}, it does not follow from parallelism: execution_parallelism ${trial.to} → ${trial.from}`,
    phase: "rollback",
    ...(outcome !== undefined && { outcome }),
  };
}

const shown = (value: number | string): string =>
  typeof value === "number" ? figure(value) : value;

const describeOutcome = (outcome: OutcomeOfChange): string =>
  `mean ${outcome.objective} ${figure(outcome.before)} → ${figure(outcome.after)} after ${outcome.setting} ${shown(outcome.from)} → ${shown(outcome.to)}, predicted ${figure(outcome.predicted)}`;
