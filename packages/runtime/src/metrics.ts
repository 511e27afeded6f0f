import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** The metrics that all services share; each service serves those that it moves. */
export interface Metrics {
  readonly registry: Registry;
  readonly inputs: Counter;
  readonly rejected: Counter<"code">;
  readonly deadLettersDropped: Counter;
  readonly outputs: Counter<"family">;
  readonly commitSeconds: Histogram;
  readonly commitFailures: Counter<"code">;
  readonly lag: Gauge<"partition">;
  readonly ownedPartitions: Gauge;
  readonly restoreSeconds: Histogram;
  readonly historyTrimmed: Gauge<"partition">;
  readonly checkpointSeconds: Histogram;
  readonly checkpointBytes: Gauge<"partition">;
  readonly checkpointTimestamp: Gauge<"partition">;
  readonly checkpointFailures: Counter<"code">;
  readonly checkpointRefused: Counter<"code">;
}

/** A fresh registry with Node's own figures and the runtime's. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: "mapek_" });
  const registers = [registry];
  return {
    registry,
    inputs: new Counter({
      name: "mapek_inputs_total",
      help: "Inputs folded by the actors of this service",
      registers,
    }),
    rejected: new Counter({
      name: "mapek_rejected_total",
      help: "Messages refused, by error code",
      labelNames: ["code"],
      registers,
    }),
    deadLettersDropped: new Counter({
      name: "mapek_dead_letters_dropped_total",
      help: "Refused messages that were counted but not stored, since too many came at once",
      registers,
    }),
    outputs: new Counter({
      name: "mapek_outputs_total",
      help: "Outputs stored, by family",
      labelNames: ["family"],
      registers,
    }),
    commitSeconds: new Histogram({
      name: "mapek_commit_seconds",
      help: "Time from the start of a commit to the server's answer",
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    commitFailures: new Counter({
      name: "mapek_commit_failures_total",
      help: "Commits that failed, by error code",
      labelNames: ["code"],
      registers,
    }),
    lag: new Gauge({
      name: "mapek_partition_lag",
      help: "Stored inputs that a partition has not folded yet",
      labelNames: ["partition"],
      registers,
    }),
    ownedPartitions: new Gauge({
      name: "mapek_owned_partitions",
      help: "Partitions that this instance runs",
      registers,
    }),
    restoreSeconds: new Histogram({
      name: "mapek_restore_seconds",
      help: "Time from the claim of a partition until its state was rebuilt",
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
      registers,
    }),
    historyTrimmed: new Gauge({
      name: "mapek_partition_history_trimmed",
      help: "1 where the stream no longer reaches back to the partition's first input",
      labelNames: ["partition"],
      registers,
    }),
    checkpointSeconds: new Histogram({
      name: "mapek_checkpoint_seconds",
      help: "Time in which a checkpoint was written, beside everything else",
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60],
      registers,
    }),
    checkpointBytes: new Gauge({
      name: "mapek_checkpoint_bytes",
      help: "Size of a partition's newest checkpoint",
      labelNames: ["partition"],
      registers,
    }),
    checkpointTimestamp: new Gauge({
      name: "mapek_checkpoint_timestamp_seconds",
      help: "Unix time at which a partition's newest checkpoint was written; its age is the difference to now",
      labelNames: ["partition"],
      registers,
    }),
    checkpointFailures: new Counter({
      name: "mapek_checkpoint_failures_total",
      help: "Checkpoints that were not written, by error code",
      labelNames: ["code"],
      registers,
    }),
    checkpointRefused: new Counter({
      name: "mapek_checkpoint_refused_total",
      help: "Checkpoints that a restore did not take, by error code",
      labelNames: ["code"],
      registers,
    }),
  };
}
