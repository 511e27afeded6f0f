import { feedbackInput } from "@mapek/core/contract";
import { keyedPartition } from "@mapek/runtime";
import { feedbackActor } from "./actor.ts";
import { STATE_SCHEMA } from "./state.ts";

/** The feedback service's partition: an actor per system. */
export const feedbackLogic = keyedPartition({
  service: "feedback",
  actor: feedbackActor,
  family: feedbackInput,
  schema: STATE_SCHEMA,
});
