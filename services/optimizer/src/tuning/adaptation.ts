import { clamp } from "@mapek/core/statistics";
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

/** Clamps both levers to the bounds of the present settings, and gives up open trials. */
export function confineAdaptation(state: OptimizerState): void {
  const { adaptation, bounds } = state;
  const row = state.row.execution_parallelism;
  const { parallelism, interval } = adaptation;
  parallelism.value =
    clamp(row + parallelism.value, bounds.minParallelism, bounds.maxParallelism) - row;
  interval.value = clamp(interval.value, bounds.minStretch, bounds.maxStretch);
  giveUpTrials(adaptation);
}

/**
 * Learns the usual latency, pressure and cost from a report; the latency baseline does not learn under load.
 *
 * @param pressure NaN where unknown.
 */
export function learn(state: OptimizerState, pressure: number): void {
  const { adaptation, window } = state;
  const latency = window.means[FIELD.cycle_latency] as number;
  if (!Number.isNaN(latency) && !isLoaded(state))
    learnBaseline(adaptation.gradient, latency, window.means[FIELD.decisions_per_minute] as number);
  if (!Number.isNaN(pressure))
    noteReport(adaptation.looks, pressure, costOf(state), adaptation.interval.value);
}

/**
 * Moves parallelism or the monitoring interval by one step where the reports ask for it, or rolls back a step
 * that did harm. Cuts are made at once and in full, since a shorter interval and a lower parallelism protect
 * the system. Raises are tried one at a time, first with a share of the step (`canary_share`).
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

/** Whether a mean lies above its warning line or in the hysteresis band below the line. */
const isLoaded = (state: OptimizerState): boolean =>
  exceeds(state.window.means, WARNING_LINES, 1 - state.settings.hysteresis);

/** CPU seconds of one cycle: latency × CPU share, the whole latency where no CPU usage is reported; NaN without latency. */
function costOf({ window }: OptimizerState): number {
  const cpu = window.means[FIELD.cpu_usage] as number;
  const latency = window.means[FIELD.cycle_latency] as number;
  return Number.isNaN(cpu) ? latency : (latency * cpu) / 100;
}
