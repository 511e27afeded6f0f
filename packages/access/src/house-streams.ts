import type { ActorService } from "@mapek/core/contract";

/** The names of the house's streams, by what they hold; a test compares them with the streams that the services declare. */
export const HOUSE_STREAMS = {
  knowledge: "MAPEK_KNOWLEDGE",
  samples: "MAPEK_SAMPLES",
  signals: "MAPEK_SIGNALS",
  actions: "MAPEK_ACTIONS",
  thresholds: "KV_mapek_thresholds",
  parameters: "KV_mapek_parameters",
  members: "KV_mapek_members",
  checkpoints: "OBJ_mapek_checkpoints",
} as const;

/** Subjects of the members bucket and the checkpoint store, which lie outside the stored prefix. */
export const MEMBERS_SUBJECTS = "$KV.mapek_members.>";
export const CHECKPOINT_SUBJECTS = "$O.mapek_checkpoints.>";

/** Streams that a service reads through consumers, without members and checkpoints. */
export const CONSUMED: { readonly [S in ActorService]: readonly string[] } = {
  learner: [HOUSE_STREAMS.samples, HOUSE_STREAMS.knowledge],
  optimizer: [HOUSE_STREAMS.knowledge],
  feedback: [HOUSE_STREAMS.knowledge, HOUSE_STREAMS.signals, HOUSE_STREAMS.actions],
};
