import type { Transition } from "@mapek/core/contract";
import { appendBounded } from "@mapek/core/forget-oldest";

/** Number of transitions that a system's history holds. */
const HISTORY_LIMIT = 500;

/** Appends a transition and drops the oldest beyond 500. */
export function record(history: Transition[], transition: Transition): void {
  appendBounded(history, transition, HISTORY_LIMIT);
}

/**
 * Event time, ms, from which the flap budget allows another transition: when the `budget`-th
 * newest leaves the window. A budget above 500, the length of the history, is never used up.
 */
export function budgetFreeAt(
  history: readonly Transition[],
  budget: number,
  windowMs: number,
): number {
  const oldest = history[history.length - budget];
  return oldest === undefined ? Number.NEGATIVE_INFINITY : oldest.timestamp + windowMs;
}
