import type { SystemState, Transition } from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { deriveRow, type OptimizerState } from "../state.ts";
import { resetAdaptation } from "../tuning/adaptation-state.ts";
import { beginTransition } from "../tuning/trials.ts";
import { whyEntered } from "./reasons.ts";
import { nextState, watchQuality } from "./state-machine.ts";
import { record } from "./transitions.ts";

/**
 * Enters the state that the means ask for, where dwell and flap budget allow it.
 *
 * @returns Why the state changed; undefined when it did not.
 */
export function evaluate(
  state: OptimizerState,
  outputs: Output[],
  skipDwell = false,
): string | undefined {
  if (state.forced !== null || state.window.reports === 0) return undefined;
  watchQuality(state);
  const to = nextState(state, skipDwell);
  if (to === state.state) {
    state.enteredAtMs ??= state.timeMs;
    return undefined;
  }
  const reason = whyEntered(state, to);
  enter(state, to, reason, false, outputs);
  return reason;
}

/** Changes the state, records the transition and puts the parameters back to the new state's row. */
export function enter(
  state: OptimizerState,
  to: SystemState,
  reason: string,
  forced: boolean,
  outputs: Output[],
): void {
  const transition: Transition = {
    version: 1,
    system: state.system,
    from: state.state,
    to,
    reason,
    forced,
    performance: state.window.meansByName(),
    count: ++state.transitionCount,
    timestamp: state.timeMs,
  };
  const from = state.state;
  state.state = to;
  state.enteredAtMs = state.timeMs;
  state.qualityHeldSinceMs = null;
  resetAdaptation(state.adaptation);
  if (!forced) beginTransition(state, from, to);
  deriveRow(state);
  watchQuality(state);
  record(state.history, transition);
  outputs.push({
    to: "log",
    family: "transitions",
    tokens: [state.system],
    message: transition,
  });
}
