import type { StateRow } from "@mapek/core/messages";
import { FIELD, WINDOW_REPORTS } from "./performance-window.ts";
import { figure } from "./reasons.ts";
import type { OptimizerState } from "./state.ts";
import { exceeds, WARNING_LINES } from "./state-machine.ts";

/** How far measured performance has moved the parameters from their state's row. */
export interface Adaptation {
  /** Added to the row's parallelism. */
  parallelismOffset: number;
  /** How many steps the monitoring interval is stretched. */
  intervalSteps: number;
  /** Reports since the state was entered or the last step was made. */
  reportsSinceStep: number;
  /** Long-run mean of the cycle latency, seconds; null before the first. */
  baselineSeconds: number | null;
}

/** Latency may exceed its baseline by this factor before parallelism shrinks. */
const LATENCY_TOLERANCE = 1.5;
const MIN_GRADIENT = 0.5;
/** Weight of a report in the baseline: long-run upward, quick downward. */
const BASELINE_WEIGHT_UP = 1 / 600;
const BASELINE_WEIGHT_DOWN = 1 / 20;
/** A cycle that takes less than this share of its interval does not queue, whatever its gradient. */
const NEGLIGIBLE_SHARE = 0.002;
/** The interval is stretched while a cycle takes more than this share of it, released below the second. */
const STRETCH_SHARE = 0.5;
const RELEASE_SHARE = 0.4;

export const initialAdaptation = (): Adaptation => ({
  parallelismOffset: 0,
  intervalSteps: 0,
  reportsSinceStep: 0,
  baselineSeconds: null,
});

/** Back to the row, as on entering a state; the baseline stays, it belongs to the system. */
export function resetAdaptation(adaptation: Adaptation): void {
  adaptation.parallelismOffset = 0;
  adaptation.intervalSteps = 0;
  adaptation.reportsSinceStep = 0;
}

export interface AdaptationBounds {
  minParallelism: number;
  maxParallelism: number;
  parallelismStep: number;
  maxIntervalSteps: number;
}

/** What `adaptation_bound` and `adaptation_step` allow around a row. One whole step of parallelism is always allowed inside the bounds. */
export function adaptationBounds(row: StateRow, bound: number, step: number): AdaptationBounds {
  const parallelism = row.execution_parallelism;
  return {
    minParallelism: Math.max(1, Math.ceil(parallelism * (1 - bound) - 1e-9)),
    maxParallelism: Math.floor(parallelism * (1 + bound) + 1e-9),
    parallelismStep: Math.max(1, Math.floor(parallelism * step + 1e-9)),
    maxIntervalSteps: Math.floor(bound / step + 1e-9),
  };
}

/** Brings an adaptation made under other settings inside the present bounds. */
export function confineAdaptation(adaptation: Adaptation, row: StateRow, bounds: AdaptationBounds) {
  const parallelism = row.execution_parallelism + adaptation.parallelismOffset;
  adaptation.parallelismOffset =
    Math.min(Math.max(parallelism, bounds.minParallelism), bounds.maxParallelism) -
    row.execution_parallelism;
  adaptation.intervalSteps = Math.min(adaptation.intervalSteps, bounds.maxIntervalSteps);
}

/**
 * Moves parallelism and monitoring interval one step where the last 10 reports ask for it, at most
 * once per 10 reports, so that each step is seen in the means before the next.
 *
 * Parallelism follows the latency gradient g = clip(1.5 · baseline / latency, 0.5, 1). Below 1 it
 * shrinks towards g · parallelism. At 1 it grows by a headroom of √parallelism: back to the row
 * freely, beyond it only while at least half of it is in use (Little's law: decisions per second ·
 * latency). Under load (a mean within the hysteresis band of its warning line or above it) it never
 * grows and the baseline does not learn, so a constant overload does not become the new normal.
 *
 * Source: Netflix, "Performance Under Load: Adaptive Concurrency Limits at Netflix" (2018), the
 * gradient with its queue headroom; Little (1961), Operations Research 9(3), 383-387.
 *
 * @returns Why parameters moved; undefined when they did not.
 */
export function adapt(state: OptimizerState): string | undefined {
  const { adaptation, settings, window } = state;
  const latency = window.means[FIELD.cycle_latency] as number;
  adaptation.reportsSinceStep++;
  if (Number.isNaN(latency)) return undefined;
  const loaded = exceeds(window.means, WARNING_LINES, 1 - settings.hysteresis);
  if (!loaded) learnBaseline(adaptation, latency);
  if (adaptation.reportsSinceStep < WINDOW_REPORTS) return undefined;
  return step(state, latency, loaded);
}

function learnBaseline(adaptation: Adaptation, latency: number): void {
  const baseline = adaptation.baselineSeconds;
  if (baseline === null) adaptation.baselineSeconds = latency;
  else {
    const weight = latency < baseline ? BASELINE_WEIGHT_DOWN : BASELINE_WEIGHT_UP;
    adaptation.baselineSeconds = baseline + (latency - baseline) * weight;
  }
}

function step(state: OptimizerState, latency: number, loaded: boolean): string | undefined {
  const { adaptation, settings } = state;
  const row = state.row;
  const bounds = state.bounds;
  const interval =
    row.monitoring_interval * (1 + adaptation.intervalSteps * settings.adaptation_step);
  const intervalSteps = nextIntervalSteps(state, latency, interval);
  const parallelism = row.execution_parallelism + adaptation.parallelismOffset;
  const baseline = adaptation.baselineSeconds;
  let wanted = parallelism;
  let gradient = 1;
  if (baseline !== null && latency > interval * NEGLIGIBLE_SHARE)
    gradient = Math.max(MIN_GRADIENT, Math.min(1, (LATENCY_TOLERANCE * baseline) / latency));
  if (gradient < 1) {
    const target = Math.floor(parallelism * gradient);
    const floor = Math.max(target, parallelism - bounds.parallelismStep, bounds.minParallelism);
    wanted = Math.min(parallelism, floor);
  } else if (!loaded) {
    const decisions = state.window.means[FIELD.decisions_per_minute] as number;
    const inUse = (decisions / 60) * latency;
    const ceiling = inUse >= parallelism / 2 ? bounds.maxParallelism : row.execution_parallelism;
    const target = Math.floor(parallelism + Math.sqrt(parallelism));
    wanted = Math.max(parallelism, Math.min(target, parallelism + bounds.parallelismStep, ceiling));
  }
  if (wanted === parallelism && intervalSteps === adaptation.intervalSteps) return undefined;
  const reasons: string[] = [];
  if (wanted < parallelism)
    reasons.push(
      `mean cycle_latency ${figure(latency)} s is ${figure(latency / (baseline as number))} times its long-run ${figure(baseline as number)} s: execution_parallelism ${parallelism} → ${wanted}`,
    );
  if (wanted > parallelism)
    reasons.push(
      `mean cycle_latency ${figure(latency)} s keeps to its long-run ${figure(baseline as number)} s: execution_parallelism ${parallelism} → ${wanted}`,
    );
  if (intervalSteps !== adaptation.intervalSteps) {
    const next = row.monitoring_interval * (1 + intervalSteps * settings.adaptation_step);
    reasons.push(
      `mean cycle_latency ${figure(latency)} s is ${figure((latency / interval) * 100)} % of the interval: monitoring_interval ${figure(interval)} → ${figure(next)} s`,
    );
  }
  adaptation.parallelismOffset = wanted - row.execution_parallelism;
  adaptation.intervalSteps = intervalSteps;
  adaptation.reportsSinceStep = 0;
  return reasons.join("; ");
}

function nextIntervalSteps(state: OptimizerState, latency: number, interval: number): number {
  const steps = state.adaptation.intervalSteps;
  if (latency > interval * STRETCH_SHARE && steps < state.bounds.maxIntervalSteps) return steps + 1;
  if (steps === 0) return 0;
  const shorter =
    state.row.monitoring_interval * (1 + (steps - 1) * state.settings.adaptation_step);
  return latency < shorter * RELEASE_SHARE ? steps - 1 : steps;
}
