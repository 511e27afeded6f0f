import type { ChangePhase } from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { FIELD, WINDOW_REPORTS } from "../performance-window.ts";
import type { OptimizerState } from "../state.ts";
import type { Moved } from "./adaptation-state.ts";
import { gradientOf, postponeProbe, probeIsDue } from "./latency-gradient.ts";
import { mayFall, mayRise, move } from "./lever.ts";
import type { Trial } from "./trial.ts";
import { beginStep } from "./trials.ts";

/**
 * The parallelism that latency allows. A gradient below 1 asks for gradient · parallelism. At a gradient of 1
 * parallelism may grow by √parallelism: up to the row always, beyond the row only while at least half of the
 * parallelism is in use (Little's law: decisions per second · latency). Under load parallelism never grows.
 *
 * Source: Netflix (2018), see latency-gradient.ts; Little (1961), Operations Research 9(3), 383-387.
 *
 * @returns Not rounded; may lie outside the bounds downward.
 */
export function parallelismWanted(state: OptimizerState, isLoaded: boolean): number {
  const { adaptation, bounds } = state;
  const row = state.row.execution_parallelism;
  const parallelism = row + adaptation.parallelism.value;
  const latency = state.window.means[FIELD.cycle_latency] as number;
  if (Number.isNaN(latency)) return parallelism;
  const gradient = gradientOf(adaptation.gradient, latency, state.row.monitoring_interval);
  if (gradient < 1) return parallelism * gradient;
  if (isLoaded) return parallelism;
  const ceiling = isInUse(state, parallelism) ? bounds.maxParallelism : row;
  return Math.max(parallelism, Math.min(parallelism + Math.sqrt(parallelism), ceiling));
}

/** Moves parallelism by one step where one is due, at the earliest 10 reports after the last move: only then do the means show that move. */
export function nextParallelismStep(
  state: OptimizerState,
  wanted: number,
  isTrying: boolean,
): Moved | undefined {
  const { adaptation, settings, bounds } = state;
  const lever = adaptation.parallelism;
  const parallelism = state.row.execution_parallelism + lever.value;
  const probe = isTrying && probeIsDue(adaptation.gradient, isInUse(state, parallelism));
  if (lever.sinceMove < WINDOW_REPORTS) return undefined;
  if (mayFall(lever, settings)) {
    const target = Math.max(Math.floor(wanted), parallelism - bounds.cutStep);
    const to = Math.max(target, bounds.minParallelism);
    return to < parallelism ? cut(state, to, isTrying) : undefined;
  }
  if (adaptation.step !== null) return undefined;
  if (probe && parallelism > bounds.minParallelism && wanted >= parallelism) {
    const step = Math.min(bounds.raiseStep, bounds.cutStep);
    return beginProbe(state, Math.max(parallelism - step, bounds.minParallelism));
  }
  if (!mayRise(lever, settings)) return undefined;
  const whole = Math.min(Math.floor(wanted), parallelism + bounds.raiseStep);
  return whole > parallelism ? raise(state, whole, isTrying) : undefined;
}

function cut(state: OptimizerState, to: number, isTrying: boolean): Moved {
  const baseline = state.adaptation.gradient.baselineSeconds as number;
  const latency = latencyOf(state);
  postponeProbe(state.adaptation.gradient);
  if (isTrying)
    begin(state, to, { kind: "cut", undo: null, rest: null, predicted: inProportion(state, to) });
  const why = `${figure(latency / baseline)} times its long-run ${figure(baseline)} s`;
  return moved(state, to, `is ${why}`, "full");
}

function beginProbe(state: OptimizerState, to: number): Moved {
  const undo = state.adaptation.parallelism.value;
  begin(state, to, { kind: "probe", undo, rest: null, predicted: inProportion(state, to) });
  return moved(state, to, "may be that of its own parallelism, which is in use", "probe");
}

function raise(state: OptimizerState, whole: number, isTrying: boolean): Moved {
  const lever = state.adaptation.parallelism;
  const row = state.row.execution_parallelism;
  const parallelism = row + lever.value;
  const share = Math.floor((whole - parallelism) * state.settings.canary_share);
  const to = isTrying ? parallelism + Math.max(1, share) : whole;
  const rest = to < whole ? whole - row : null;
  postponeProbe(state.adaptation.gradient);
  if (isTrying)
    begin(state, to, { kind: "raise", undo: lever.value, rest, predicted: latencyOf(state) });
  const why = `keeps to its long-run ${figure(state.adaptation.gradient.baselineSeconds as number)} s`;
  return moved(state, to, why, rest === null ? "full" : "canary");
}

function begin(
  state: OptimizerState,
  to: number,
  trial: Pick<Trial, "kind" | "undo" | "rest" | "predicted">,
): void {
  beginStep(state, {
    setting: "execution_parallelism",
    objective: "cycle_latency",
    from: state.row.execution_parallelism + state.adaptation.parallelism.value,
    to,
    before: state.window.recent("cycle_latency"),
    ...trial,
  });
}

function moved(state: OptimizerState, to: number, why: string, phase: ChangePhase): Moved {
  const row = state.row.execution_parallelism;
  const from = row + state.adaptation.parallelism.value;
  const latency = latencyOf(state);
  move(state.adaptation.parallelism, to - row);
  return {
    reason: `mean cycle_latency ${figure(latency)} s ${why}: execution_parallelism ${from} → ${to}`,
    phase,
  };
}

const latencyOf = (state: OptimizerState): number =>
  state.window.means[FIELD.cycle_latency] as number;

/** Latency predicted for parallelism `to`, if latency is proportional to parallelism. */
const inProportion = (state: OptimizerState, to: number): number =>
  (latencyOf(state) * to) / (state.row.execution_parallelism + state.adaptation.parallelism.value);

function isInUse(state: OptimizerState, parallelism: number): boolean {
  const decisions = state.window.means[FIELD.decisions_per_minute] as number;
  return (decisions / 60) * latencyOf(state) >= parallelism / 2;
}
