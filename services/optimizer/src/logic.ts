import { optimizerInput } from "@mapek/core/contract";
import { keyedPartition } from "@mapek/runtime";
import { optimizerActor } from "./actor.ts";
import { STATE_SCHEMA } from "./state.ts";

/** The optimizer's partition: an actor per system. */
export const optimizerLogic = keyedPartition({
  service: "optimizer",
  actor: optimizerActor,
  family: optimizerInput,
  schema: STATE_SCHEMA,
});
