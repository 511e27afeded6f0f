import { collectDefaultMetrics, Registry } from "prom-client";
import { instrument } from "./metrics/instrument.ts";

/** A fresh registry with Node's own figures and the runtime's. */
export function createMetrics(service: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: "mapek_" });
  return {
    registry,
    inputs: instrument(registry, "mapek_inputs_total"),
    rejected: instrument(registry, "mapek_rejected_total"),
    deadLettersDropped: instrument(registry, "mapek_dead_letters_dropped_total"),
    outputs: instrument(registry, "mapek_outputs_total"),
    commitSeconds: instrument(registry, "mapek_commit_seconds"),
    commitFailures: instrument(registry, "mapek_commit_failures_total"),
    connectionEvents: instrument(registry, "mapek_connection_events_total"),
    lag: instrument(registry, "mapek_partition_lag"),
    lagSeconds: instrument(registry, "mapek_partition_lag_seconds"),
    ownedPartitions: instrument(registry, "mapek_owned_partitions"),
    restoreSeconds: instrument(registry, "mapek_restore_seconds"),
    historyTrimmed: instrument(registry, "mapek_partition_history_trimmed"),
    checkpointSeconds: instrument(registry, "mapek_checkpoint_seconds"),
    checkpointBytes: instrument(registry, "mapek_checkpoint_bytes"),
    checkpointTimestamp: instrument(registry, "mapek_checkpoint_timestamp_seconds"),
    checkpointFailures: instrument(registry, "mapek_checkpoint_failures_total"),
    checkpointRefused: instrument(registry, "mapek_checkpoint_refused_total"),
  };
}

/** The metrics that all services share; each service serves those that it moves. */
export type Metrics = Readonly<ReturnType<typeof createMetrics>>;
