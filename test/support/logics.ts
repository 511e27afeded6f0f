import type { ActorService } from "@mapek/core/contract";
import type { PartitionLogic } from "@mapek/runtime";
import { feedbackLogic } from "../../services/feedback/src/logic.ts";
import { learnerLogic } from "../../services/learner/src/actor.ts";
import { optimizerLogic } from "../../services/optimizer/src/logic.ts";

/** What each service's partitions run, so that a test can fold the log again. */
// biome-ignore lint/suspicious/noExplicitAny: the states of three services
export const LOGICS: Readonly<Record<ActorService, PartitionLogic<any, any>>> = {
  learner: learnerLogic,
  optimizer: optimizerLogic,
  feedback: feedbackLogic,
};
