import { isLoop } from "@mapek/core/messages";
import type { OpenAction } from "./action-book.ts";
import type { FeedbackState } from "./state.ts";

/** Ends the id of the command that undoes an action. */
export const ROLLBACK = ".rollback";
/** Ends the id of a command to every series of the system. */
export const SYSTEM_WIDE = ".system";

/** An action by its id `<system>.<loop>.<n>`. */
export function findAction(state: FeedbackState, id: string): OpenAction | undefined {
  const loop = id.split(".")[1];
  return loop !== undefined && isLoop(loop) ? state.loops[loop].book.get(id) : undefined;
}
