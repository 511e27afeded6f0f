import type { OptimizerControl, OptimizerSettings } from "@mapek/core/messages";
import type { Output } from "@mapek/runtime";
import { publishIfChanged } from "./publish.ts";
import { deriveRow, modeOf, type OptimizerState } from "./state.ts";
import { enter, evaluate } from "./states/evaluate.ts";
import { whyEntered } from "./states/reasons.ts";
import { nextState } from "./states/state-machine.ts";
import { confineAdaptation } from "./tuning/adaptation.ts";
import { giveUpTrials } from "./tuning/adaptation-state.ts";

/** Takes new settings: the table is derived again. A change of the configured mode ends an operator's. */
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

/** Does what an operator says. */
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

/** Lets the measures decide again, at once. */
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

/** Brings state and parameters in line with what an operator or the settings now say; nothing but the mode in mode off. */
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
