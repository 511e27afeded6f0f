import { longestWindowSeconds, type Prefixes, Subjects } from "@mapek/core/contract";
import type { StreamConfig } from "@nats-io/jetstream";
import type { Config } from "../config/config-schema.ts";
import { formatMetadata } from "./house-format.ts";

/** The fields that a stream must have on the server. */
export type StreamDeclaration = Partial<StreamConfig> & { readonly name: string };

/** Names of the streams; a bucket `b` is the stream `KV_b`. */
export const STREAMS = {
  knowledge: "MAPEK_KNOWLEDGE",
  samples: "MAPEK_SAMPLES",
  signals: "MAPEK_SIGNALS",
  actions: "MAPEK_ACTIONS",
} as const;

export const BUCKETS = { thresholds: "mapek_thresholds", parameters: "mapek_parameters" } as const;
/** Heartbeats of the instances of services. */
export const MEMBERS_BUCKET = "mapek_members";

/** The object store of checkpoints: the stream `OBJ_mapek_checkpoints`. */
export const CHECKPOINTS = "mapek_checkpoints";

const NANOS_PER_SECOND = 1e9;
/** How long the server keeps the delete marker of an expired member. */
const MEMBER_MARKER_SECONDS = 10;

export const prefixesOf = (config: Config): Prefixes => ({
  public: config.streams.public_prefix,
  stored: config.streams.stored_prefix,
});

export const subjectsOf = (config: Config): Subjects => new Subjects(prefixesOf(config));

/**
 * Every stream of the house, in the order of their creation: knowledge and samples, which hold all that is stored; the
 * views that the server derives from these; the members' heartbeats; the checkpoints.
 */
export function streamDeclarations(config: Config): readonly StreamDeclaration[] {
  const { stored, public: open } = prefixesOf(config);
  const shared = {
    storage: "file",
    retention: "limits",
    discard: "old",
    num_replicas: config.streams.replicas,
    metadata: { "mapek.partitions": String(config.streams.partitions), ...formatMetadata },
  } as const satisfies Partial<StreamConfig>;
  const windowSeconds = Math.max(longestWindowSeconds(config.self_learning), 3_600);
  const view = (filter: string, destination?: string) => ({
    name: STREAMS.knowledge,
    ...(destination === undefined
      ? { filter_subject: filter }
      : { subject_transforms: [{ src: filter, dest: destination }] }),
  });
  const bucket = { ...shared, max_msgs_per_subject: 1, allow_direct: true, max_age: 0 };
  return [
    {
      ...shared,
      name: STREAMS.knowledge,
      subjects: [
        `${stored}.log.>`,
        `${stored}.latest.>`,
        `${stored}.in.*.*`,
        `${stored}.position.*.*`,
      ],
      max_age: config.streams.knowledge_days * 86_400 * NANOS_PER_SECOND,
      allow_atomic: true,
      allow_rollup_hdrs: true,
      allow_direct: true,
      republish: { src: `${stored}.log.>`, dest: `${open}.>` },
    },
    {
      ...shared,
      name: STREAMS.samples,
      subjects: [`${stored}.samples.*`],
      sources: [view(`${stored}.in.learner.*`)],
      // Twice the longest window, so that a whole window can be rebuilt at any time.
      max_age: 2 * windowSeconds * NANOS_PER_SECOND,
      max_bytes: config.streams.samples_max_bytes,
      allow_direct: true,
    },
    {
      ...shared,
      name: STREAMS.signals,
      sources: [view(`${stored}.log.feedback.>`)],
      max_msgs: config.feedback_loops.signal_history_size,
      allow_direct: true,
    },
    {
      ...shared,
      name: STREAMS.actions,
      sources: [view(`${stored}.log.actions.>`)],
      max_msgs: config.feedback_loops.action_history_size,
      allow_direct: true,
    },
    {
      ...bucket,
      name: `KV_${BUCKETS.thresholds}`,
      sources: [view(`${stored}.latest.thresholds.>`, `$KV.${BUCKETS.thresholds}.>`)],
    },
    {
      ...bucket,
      name: `KV_${BUCKETS.parameters}`,
      sources: [view(`${stored}.log.parameters.*`, `$KV.${BUCKETS.parameters}.{{wildcard(1)}}`)],
    },
    {
      ...bucket,
      name: `KV_${MEMBERS_BUCKET}`,
      subjects: [`$KV.${MEMBERS_BUCKET}.>`],
      allow_msg_ttl: true,
      subject_delete_marker_ttl: MEMBER_MARKER_SECONDS * NANOS_PER_SECOND,
      allow_rollup_hdrs: true,
    },
    {
      ...shared,
      name: `OBJ_${CHECKPOINTS}`,
      // The subjects of every object store: chunks and metadata.
      subjects: [`$O.${CHECKPOINTS}.C.>`, `$O.${CHECKPOINTS}.M.>`],
      discard: "new",
      allow_rollup_hdrs: true,
      allow_direct: true,
      max_age: 0,
    },
  ];
}

/** Name of the stream from which a service's partitions read their inputs. */
export const inputStreamOf = (service: string): string =>
  service === "learner" ? STREAMS.samples : STREAMS.knowledge;
