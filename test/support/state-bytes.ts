import { decodeMsgpack, encodeMsgpack } from "@mapek/core/contract";
import type { PartitionLogic } from "@mapek/runtime";

/** A partition's whole state as bytes: equal states give equal bytes, whatever the order of their actors. */
export function saveState<State>(
  logic: Pick<PartitionLogic<State, never>, "snapshot">,
  state: State,
): Uint8Array {
  const [shared, ...actors] = [...logic.snapshot(state)];
  return encodeMsgpack([shared, ...actors.sort(Buffer.compare)]);
}

/** The state that {@link saveState} has saved. */
export function loadState<State>(
  logic: Pick<PartitionLogic<State, never>, "create" | "restorePart">,
  bytes: Uint8Array,
): State {
  const state = logic.create(0);
  for (const part of decodeMsgpack(bytes) as Uint8Array[]) logic.restorePart(state, part);
  return state;
}
