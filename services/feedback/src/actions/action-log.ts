import { type Action, SYSTEM_WIDE } from "@mapek/core/contract";
import type { Forecast } from "@mapek/core/statistics";
import { effectivenessOf } from "../judgement/effectiveness.ts";
import type { Turn } from "../state.ts";
import type { OpenAction } from "./action-book.ts";

/** Publishes an action with its new status. */
export function logAction(
  turn: Turn,
  action: OpenAction,
  status: Action["status"],
  reason: string,
  helped: boolean | null = null,
  forecast: Forecast | null = null,
): void {
  const { state, outputs } = turn;
  const loop = state.loops[action.loop];
  const message: Action = {
    version: 1,
    system: state.system,
    loop: action.loop,
    action_id: action.id,
    signal_id: action.signalId,
    status,
    target: action.target,
    from: action.from,
    to: action.to,
    reason,
    objective: {
      name: action.objective,
      before: action.before,
      after: action.after,
      predicted: action.predicted,
      ...(forecast !== null && {
        expected: forecast.expected,
        noise: Math.sqrt(forecast.variance),
      }),
    },
    helped,
    effectiveness: effectivenessOf(loop.verdicts),
    damping: loop.damping,
    timestamp: state.timeMs,
  };
  outputs.push({ to: "log", family: "actions", tokens: [state.system, action.loop], message });
}

/** Publishes the system-wide companion of a series' action: a weaker factor, rolled back together with the action. */
export function logBroadcast(
  turn: Turn,
  action: OpenAction,
  status: "applied" | "rolled_back",
  factor: number,
  reason: string,
): void {
  const companion: OpenAction = {
    ...action,
    id: action.id + SYSTEM_WIDE,
    target: { ...action.target, series: null },
    from: null,
    to: factor,
  };
  logAction(turn, companion, status, reason, status === "rolled_back" ? false : null);
}
