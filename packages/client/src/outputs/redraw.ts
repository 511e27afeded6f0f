import type { Threshold } from "@mapek/core/contract";

/** The fields of a threshold message that say who decided on it and why. */
export type Decision = Pick<Threshold, "source" | "reasoning" | "action_id" | "pinned">;

/**
 * True where a threshold message contains no new decision: the same threshold with a value that follows the time of
 * day or what is learned. Such messages come 10 to 100 times a day; in a list of changes they would bury those that
 * somebody made.
 *
 * @param before The previous message of the same series and side; undefined where none is known.
 */
export const isRedraw = (message: Decision, before: Decision | undefined): boolean =>
  before !== undefined &&
  // A pinned threshold does not follow anything, so each of its messages is a decision.
  !message.pinned &&
  !before.pinned &&
  message.source === before.source &&
  message.action_id === before.action_id &&
  message.reasoning === before.reasoning;
