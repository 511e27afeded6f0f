import { type ActorService, feedbackInput, optimizerInput } from "@mapek/core/messages";
import { keyedPartition, type PartitionLogic } from "@mapek/runtime";
import { feedbackActor } from "../../services/feedback/src/actor.ts";
import { learnerLogic } from "../../services/learner/src/learner.ts";
import { optimizerActor } from "../../services/optimizer/src/actor.ts";

/** What each service's partitions run, so that a test can fold the log again. */
// biome-ignore lint/suspicious/noExplicitAny: the states of three services
export const LOGICS: Readonly<Record<ActorService, PartitionLogic<any, any>>> = {
  learner: learnerLogic,
  optimizer: keyedPartition({
    service: "optimizer",
    actor: optimizerActor,
    family: optimizerInput,
  }),
  feedback: keyedPartition({ service: "feedback", actor: feedbackActor, family: feedbackInput }),
};
