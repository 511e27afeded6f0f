import type { Threshold } from "@mapek/core/messages";

/** What of a threshold message says who decided on it. */
export type Decision = Pick<Threshold, "source" | "reasoning" | "action_id" | "pinned">;

/**
 * Whether a threshold message decides nothing: the same threshold, drawn anew since the clock or what is learned has moved
 * it, as happens 10 to 100 times a day. Who lists each message as a change buries those that somebody made.
 *
 * @param before The message before it of the same series and side; undefined where none is known.
 */
export const isRedraw = (message: Decision, before: Decision | undefined): boolean =>
  before !== undefined &&
  // A pinned one is never moved by the clock.
  !message.pinned &&
  !before.pinned &&
  message.source === before.source &&
  message.action_id === before.action_id &&
  message.reasoning === before.reasoning;
