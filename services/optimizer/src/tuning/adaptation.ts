import { clamp } from "@mapek/core/stats";
import { FIELD } from "../performance-window.ts";
import { modeOf, type OptimizerState } from "../state.ts";
import { exceeds, WARNING_LINES } from "../states/state-machine.ts";
import { giveUpTrials, type Moved } from "./adaptation-state.ts";
import { noteReport } from "./interval-cost.ts";
import { nextIntervalStep, stretchWanted } from "./interval-steps.ts";
import { learnBaseline } from "./latency-gradient.ts";
import { weigh } from "./lever.ts";
import { nextParallelismStep, parallelismWanted } from "./parallelism-steps.ts";
import { judgeTrials } from "./trials.ts";

/** Brings an adaptation made under other settings inside the present bounds. */
export function confineAdaptation(state: OptimizerState): void {
  const { adaptation, bounds } = state;
  const row = state.row.execution_parallelism;
  const { parallelism, interval } = adaptation;
  parallelism.value =
    clamp(row + parallelism.value, bounds.minParallelism, bounds.maxParallelism) - row;
  interval.value = clamp(interval.value, bounds.minStretch, bounds.maxStretch);
  giveUpTrials(adaptation);
}

/** Learns from a report what is usual here; under load the latency's baseline does not learn. @param pressure NaN where unknown. */
export function learn(state: OptimizerState, pressure: number): void {
  const { adaptation, window } = state;
  const latency = window.means[FIELD.cycle_latency] as number;
  if (!Number.isNaN(latency) && !isLoaded(state))
    learnBaseline(adaptation.gradient, latency, window.means[FIELD.decisions_per_minute] as number);
  if (!Number.isNaN(pressure))
    noteReport(adaptation.looks, pressure, costOf(state), adaptation.interval.value);
}

/**
 * Moves parallelism or monitoring interval one step where the reports ask for it, or takes a step back
 * that did harm. Cuts come first and at once: looking sooner and doing less at the same time protect.
 * Raises are tried with a share of the step (see `canary_share`), one at a time.
 *
 * @returns What moved and why; undefined when nothing did.
 */
export function adapt(state: OptimizerState): Moved | undefined {
  const { adaptation, settings } = state;
  const { parallelism, interval } = adaptation;
  const row = state.row.execution_parallelism;
  const isTrying = modeOf(state) === "apply";
  const cost = costOf(state);
  const stretch = stretchWanted(state, cost);
  weigh(interval, interval.value, stretch, settings);
  const wanted = parallelismWanted(state, isLoaded(state));
  weigh(parallelism, row + parallelism.value, wanted, settings);
  return (
    judgeTrials(state) ??
    nextIntervalStep(state, stretch, cost, isTrying) ??
    nextParallelismStep(state, wanted, isTrying)
  );
}

/** A mean within the hysteresis band of its warning line, or above it. */
const isLoaded = (state: OptimizerState): boolean =>
  exceeds(state.window.means, WARNING_LINES, 1 - state.settings.hysteresis);

/** CPU seconds that a cycle takes: its latency times the CPU's share, all of it where that is not reported; NaN without a latency. */
function costOf({ window }: OptimizerState): number {
  const cpu = window.means[FIELD.cpu_usage] as number;
  const latency = window.means[FIELD.cycle_latency] as number;
  return Number.isNaN(cpu) ? latency : (latency * cpu) / 100;
}
