import { SERVICES } from "@mapek/core/contract";
import type { MetricTable } from "./metric-declaration.ts";

/** Metrics that the runtime moves, whatever service runs on it. */
export const RUNTIME_METRICS = {
  mapek_overload_refused_total: {
    type: "counter",
    services: SERVICES,
    help: "Messages that were told to come later, by system",
    labels: ["system"],
  },
  mapek_memory_limit_bytes: {
    type: "gauge",
    services: SERVICES,
    help: "Memory that this process may use",
  },
  mapek_memory_bytes: { type: "gauge", services: SERVICES, help: "Memory of this process" },
  mapek_inputs_total: {
    type: "counter",
    services: SERVICES,
    help: "Inputs folded by the actors of this service",
  },
  mapek_rejected_total: {
    type: "counter",
    services: SERVICES,
    help: "Messages refused, by error code",
    labels: ["code"],
  },
  mapek_dead_letters_dropped_total: {
    type: "counter",
    services: SERVICES,
    help: "Refused messages that were counted but not stored, since too many came at once",
  },
  mapek_outputs_total: {
    type: "counter",
    services: SERVICES,
    help: "Outputs stored, by family",
    labels: ["family"],
  },
  mapek_commit_seconds: {
    type: "histogram",
    services: SERVICES,
    help: "Time from the start of a commit to the server's answer",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
  },
  mapek_commit_failures_total: {
    type: "counter",
    services: SERVICES,
    help: "Commits that failed, by error code",
    labels: ["code"],
  },
  mapek_connection_events_total: {
    type: "counter",
    services: SERVICES,
    help: "What happened to the connection; a server that gives up a slow consumer shows as disconnect",
    labels: ["type"],
  },
  mapek_partition_lag: {
    type: "gauge",
    services: SERVICES,
    help: "Stored inputs that a partition has not folded yet",
    labels: ["partition"],
  },
  mapek_partition_lag_seconds: {
    type: "gauge",
    services: SERVICES,
    help: "Age of the last input that a partition has folded, while there are more; else 0",
    labels: ["partition"],
  },
  mapek_owned_partitions: {
    type: "gauge",
    services: SERVICES,
    help: "Partitions that this instance runs",
  },
  mapek_restore_seconds: {
    type: "histogram",
    services: SERVICES,
    help: "Time from the claim of a partition until its state was rebuilt",
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
  },
  mapek_partition_history_trimmed: {
    type: "gauge",
    services: SERVICES,
    help: "1 where the stream no longer reaches back to the partition's first input",
    labels: ["partition"],
  },
  mapek_checkpoint_seconds: {
    type: "histogram",
    services: SERVICES,
    help: "Time in which a checkpoint was written, beside everything else",
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
  },
  mapek_checkpoint_bytes: {
    type: "gauge",
    services: SERVICES,
    help: "Size of a partition's newest checkpoint",
    labels: ["partition"],
  },
  mapek_checkpoint_timestamp_seconds: {
    type: "gauge",
    services: SERVICES,
    help: "Unix time at which a partition's newest checkpoint was written; its age is the difference to now",
    labels: ["partition"],
  },
  mapek_checkpoint_failures_total: {
    type: "counter",
    services: SERVICES,
    help: "Checkpoints that were not written, by error code",
    labels: ["code"],
  },
  mapek_checkpoint_refused_total: {
    type: "counter",
    services: SERVICES,
    help: "Checkpoints that a restore did not take, by error code",
    labels: ["code"],
  },
  mapek_durability_replicas: {
    type: "gauge",
    services: SERVICES,
    help: "Copies of each stored message, the fewest that any stream has",
  },
  mapek_durability_sync_seconds: {
    type: "gauge",
    services: SERVICES,
    help: "Seconds within which an acknowledged write is synced to disk; 0 = before it is acknowledged, NaN = not known",
  },
  mapek_source_stepdowns_total: {
    type: "counter",
    services: ["learner"],
    help: "Times that a stream's leader was asked to hand over since it did not hear its source",
  },
} as const satisfies MetricTable;
