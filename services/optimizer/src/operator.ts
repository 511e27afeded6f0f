import type { OptimizerControl, OptimizerSettings } from "@mapek/core/contract";
import type { Output } from "@mapek/runtime";
import { publishIfChanged } from "./publish.ts";
import { deriveRow, modeOf, type OptimizerState } from "./state.ts";
import { enter, evaluate } from "./states/evaluate.ts";
import { whyEntered } from "./states/reasons.ts";
import { nextState } from "./states/state-machine.ts";
import { confineAdaptation } from "./tuning/adaptation.ts";
import { giveUpTrials } from "./tuning/adaptation-state.ts";

/** Takes new settings and publishes what they change. A changed `mode` ends the mode that an operator set. */
export function receiveSettings(
  state: OptimizerState,
  settings: OptimizerSettings,
  outputs: Output[],
): void {
  const first = state.published === null;
  if (settings.mode !== state.settings.mode) state.operatorMode = null;
  state.settings = settings;
  deriveRow(state);
  confineAdaptation(state);
  const cause = first ? "first parameters of this system" : "settings changed";
  resume(state, cause, outputs);
}

/** Carries out an operator's command. A new mode gives up the open trials. */
export function receiveControl(
  state: OptimizerState,
  control: OptimizerControl,
  outputs: Output[],
): void {
  const note = control.reason === undefined ? "" : `: ${control.reason}`;
  switch (control.command) {
    case "force_state":
      if (control.state === null) release(state, note, outputs);
      else {
        state.forced = control.state;
        resume(state, `operator forced ${control.state}${note}`, outputs);
      }
      return;
    case "set_mode":
      state.operatorMode = control.mode;
      giveUpTrials(state.adaptation);
      resume(state, `operator set mode ${control.mode}${note}`, outputs);
      return;
  }
}

/** Ends a forced state: the means decide the next state at once, without waiting for the dwell. */
function release(state: OptimizerState, note: string, outputs: Output[]): void {
  if (state.forced === null) return;
  state.forced = null;
  if (modeOf(state) === "off" || state.window.reports === 0) return;
  const to = nextState(state, true);
  if (to === state.state) return;
  const reason = `operator released ${state.state}${note}: ${whyEntered(state, to)}`;
  enter(state, to, reason, true, outputs);
  publishIfChanged(state, reason, outputs);
}

/** Enters the forced state, or evaluates the means, and publishes. In mode off only the mode is published. */
function resume(state: OptimizerState, cause: string, outputs: Output[]): void {
  let reason = cause;
  if (modeOf(state) !== "off") {
    if (state.forced !== null && state.forced !== state.state)
      enter(state, state.forced, cause, true, outputs);
    else {
      const moved = evaluate(state, outputs);
      if (moved !== undefined) reason = `${cause}; ${moved}`;
    }
  }
  publishIfChanged(state, reason, outputs);
}
