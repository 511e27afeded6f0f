import { isLoop } from "@mapek/core/messages";
import type { FeedbackState } from "../state.ts";
import type { OpenAction } from "./action-book.ts";

/** An action by its id `<system>.<loop>.<n>`. */
export function findAction(state: FeedbackState, id: string): OpenAction | undefined {
  const loop = id.split(".")[1];
  return loop !== undefined && isLoop(loop) ? state.loops[loop].book.get(id) : undefined;
}
