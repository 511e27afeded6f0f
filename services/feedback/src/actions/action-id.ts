import { isLoop } from "@mapek/core/contract";
import type { FeedbackState } from "../state.ts";
import type { OpenAction } from "./action-book.ts";

/** The open action with the id `<system>.<loop>.<n>`; undefined where none is open. */
export function findAction(state: FeedbackState, id: string): OpenAction | undefined {
  const loop = id.split(".")[1];
  return loop !== undefined && isLoop(loop) ? state.loops[loop].book.get(id) : undefined;
}
