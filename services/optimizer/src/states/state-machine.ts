import type { SystemState } from "@mapek/core/contract";
import { FIELD } from "../performance-window.ts";
import type { OptimizerState } from "../state.ts";
import { budgetFreeAt } from "./transitions.ts";

/** A mean above its line (%, %, seconds) makes a system critical; a mean equal to its line does not. */
export const CRITICAL_LINES = { cpu_usage: 80, memory_usage: 85, cycle_latency: 5 } as const;
/** A mean above its line (%, %, seconds) makes a system optimizing or degraded. */
export const WARNING_LINES = { cpu_usage: 60, memory_usage: 70, cycle_latency: 2 } as const;
/** Mean decision quality, 0–1, above which a system under load is optimizing; at or below it is degraded. */
export const OPTIMIZING_QUALITY = 0.8;
/** Mean decision quality, 0–1, that must be exceeded for `recovery_hold_seconds` before recovering ends. */
export const RECOVERED_QUALITY = 0.85;

export type Lines = { readonly [M in keyof typeof CRITICAL_LINES]: number };

/** Whether any mean is above `share` of its line. A missing mean (NaN) is above no line. */
export function exceeds(means: Float64Array, lines: Lines, share: number): boolean {
  return (
    (means[FIELD.cpu_usage] as number) > lines.cpu_usage * share ||
    (means[FIELD.memory_usage] as number) > lines.memory_usage * share ||
    (means[FIELD.cycle_latency] as number) > lines.cycle_latency * share
  );
}

/**
 * The state that the means ask for, dwell and flap budget aside.
 *
 * Hysteresis: critical, degraded and optimizing are left downward only when every measure is at
 * least `hysteresis` below its entry line. From critical and degraded the way down leads through
 * recovering.
 *
 * @param means Length 7, indexed by FIELD; NaN where unknown.
 * @param recovered Whether recovering has lasted long enough.
 */
function decide(
  current: SystemState,
  means: Float64Array,
  hysteresis: number,
  recovered: boolean,
): SystemState {
  if (exceeds(means, CRITICAL_LINES, 1)) return "critical";
  if (current === "critical" && exceeds(means, CRITICAL_LINES, 1 - hysteresis)) return "critical";
  if (exceeds(means, WARNING_LINES, 1)) {
    if (current === "degraded" || current === "critical") return "degraded";
    const quality = means[FIELD.decision_quality] as number;
    return quality > OPTIMIZING_QUALITY ? "optimizing" : "degraded";
  }
  switch (current) {
    case "critical":
      return "recovering";
    case "degraded":
      return exceeds(means, WARNING_LINES, 1 - hysteresis) ? "degraded" : "recovering";
    case "optimizing":
      return exceeds(means, WARNING_LINES, 1 - hysteresis) ? "optimizing" : "healthy";
    case "recovering":
      return recovered ? "healthy" : "recovering";
    case "healthy":
      return "healthy";
  }
}

/** Updates `qualityHeldSinceMs`; without effect in states other than recovering. */
export function watchQuality(state: OptimizerState): void {
  if (state.state !== "recovering") return;
  const quality = state.window.means[FIELD.decision_quality] as number;
  if (!(quality > RECOVERED_QUALITY)) state.qualityHeldSinceMs = null;
  else state.qualityHeldSinceMs ??= state.timeMs;
}

/**
 * When recovering may end: once decision quality has held for `recovery_hold_seconds`. A system whose
 * reports carry no decision quality stays recovering for the dwell plus the hold.
 *
 * @returns Event time, ms; undefined while quality is too low.
 */
function recoveredAt(state: OptimizerState): number | undefined {
  const holdMs = state.settings.recovery_hold_seconds * 1_000;
  if (Number.isNaN(state.window.means[FIELD.decision_quality])) return dwellEndsAt(state) + holdMs;
  return state.qualityHeldSinceMs === null ? undefined : state.qualityHeldSinceMs + holdMs;
}

const dwellEndsAt = (state: OptimizerState): number =>
  state.enteredAtMs === null
    ? Number.NEGATIVE_INFINITY
    : state.enteredAtMs + state.settings.min_dwell_seconds * 1_000;

/** Event time, ms, before which no transition but one to critical may happen. */
function heldUntil(state: OptimizerState, skipDwell: boolean): number {
  const { flap_budget: budget, flap_window_seconds: seconds } = state.settings;
  const budgetFree = budgetFreeAt(state.history, budget, seconds * 1_000);
  return skipDwell ? budgetFree : Math.max(dwellEndsAt(state), budgetFree);
}

/** The state to enter now; the current state where the means ask for no change or a change must wait. */
export function nextState(state: OptimizerState, skipDwell = false): SystemState {
  const current = state.state;
  let recovered = false;
  if (current === "recovering") {
    const at = recoveredAt(state);
    recovered = at !== undefined && state.timeMs >= at;
  }
  const wanted = decide(current, state.window.means, state.settings.hysteresis, recovered);
  if (wanted === current || wanted === "critical") return wanted;
  return state.timeMs >= heldUntil(state, skipDwell) ? wanted : current;
}

/** Event time, ms, at which a tick could change the state; undefined when only reports can. */
export function nextChangeAt(state: OptimizerState): number | undefined {
  const wanted = decide(state.state, state.window.means, state.settings.hysteresis, false);
  if (wanted !== state.state) return heldUntil(state, false);
  if (state.state !== "recovering") return undefined;
  const at = recoveredAt(state);
  return at === undefined ? undefined : Math.max(at, heldUntil(state, false));
}
