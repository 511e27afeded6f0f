import type { OpenAction } from "../actions/action-book.ts";
import type { Turn } from "../state.ts";

/** Remembers the threshold that an action put in force. */
export function thresholdApplied({ state }: Turn, action: OpenAction): void {
  const { command, subject, to } = action;
  if (typeof to !== "number" || command.name !== "set_threshold") return;
  const known = state.thresholds.get(subject);
  const isFirst = action.from === null || known?.tentative === true;
  const tentative = command.source === "signal" && isFirst;
  const { scale = null, spread = null } = known ?? {};
  state.thresholds.set(subject, { value: to, scale, spread, tentative, movedBy: action.id });
}

/** Remembers the threshold that a refused action found in force. */
export function thresholdRefused({ state }: Turn, { subject, from }: OpenAction): void {
  if (typeof from !== "number") return;
  const known = state.thresholds.get(subject);
  if (known?.value === from) return;
  const { scale = null, spread = null } = known ?? {};
  state.thresholds.set(subject, { value: from, scale, spread, tentative: false });
}
