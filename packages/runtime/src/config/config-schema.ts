import {
  feedbackSettings,
  learnerSettings,
  optimizerSettings,
  setting,
  tokenSchema,
} from "@mapek/core/contract";
import { z } from "zod";
import { consoleSettings, httpSettings } from "./endpoint-settings.ts";
import { collectorSettings, ingestSettings, protocolSettings } from "./intake-settings.ts";
import { natsSettings } from "./nats-settings.ts";

/** `self_learning`: the learner's settings without `max_series_of_system`, which follows from `ingest.max_series_per_system`. */
const selfLearning = learnerSettings.omit({ max_series_of_system: true }).prefault({});
/** `dynamic_optimizer`: the optimizer's settings. */
const dynamicOptimizer = optimizerSettings.prefault({});
/** `feedback_loops`: the feedback service's settings, and how much of its history is kept. */
const feedbackLoops = feedbackSettings
  .extend({
    signal_history_size: setting(z.number().int().min(1).max(10_000_000).default(10_000), {
      meaning: "Newest signals whose history is kept.",
      unit: "signals",
      env: "MAPEK_FEEDBACK_SIGNAL_HISTORY",
    }),
    action_history_size: setting(z.number().int().min(1).max(10_000_000).default(5_000), {
      meaning: "Newest actions whose history is kept.",
      unit: "actions",
      env: "MAPEK_FEEDBACK_ACTION_HISTORY",
    }),
  })
  .prefault({});

const streams = z
  .strictObject({
    public_prefix: setting(tokenSchema.default("mapek"), {
      meaning: "First token of the subjects that publishers and readers use.",
    }),
    stored_prefix: setting(tokenSchema.default("mapek-kb"), {
      meaning: "First token of the subjects that only the services write.",
    }),
    partitions: setting(z.number().int().min(1).max(256).default(16), {
      meaning:
        "Parts into which the series of all systems are divided; fixed for the life of the streams.",
      unit: "partitions",
      env: "MAPEK_PARTITIONS",
    }),
    replicas: setting(z.number().int().min(1).max(5).default(1), {
      meaning: "Servers of a cluster that hold each stream and bucket.",
      unit: "servers",
      env: "MAPEK_REPLICAS",
    }),
    update: setting(z.boolean().default(false), {
      meaning:
        "Whether limits on the server that differ from the declared ones are set to them at start.",
    }),
    knowledge_days: setting(z.number().positive().default(30), {
      meaning: "Knowledge (inputs, outputs, commands) is kept for so long.",
      unit: "days",
    }),
    samples_max_bytes: setting(z.number().int().min(-1).default(-1), {
      meaning: "Most bytes of stored samples; the oldest go first. −1: no limit.",
      unit: "bytes",
    }),
  })
  .prefault({});

const membership = z
  .strictObject({
    ttl_seconds: setting(z.number().min(1).max(60).default(2.5), {
      meaning:
        "A member without a heartbeat for so long is taken for dead and its partitions go to others.",
      unit: "s",
      env: "MAPEK_MEMBER_TTL",
    }),
  })
  .prefault({});

const checkpoints = z
  .strictObject({
    interval_seconds: setting(z.number().positive().default(60), {
      meaning:
        "A partition that has folded something is saved again after so long; later where saving takes long.",
      unit: "s",
      env: "MAPEK_CHECKPOINT_INTERVAL",
    }),
  })
  .prefault({});

const memory = z
  .strictObject({
    max_mb: setting(z.number().int().min(0).default(0), {
      meaning: "Memory that a service may use; 0 takes 75 % of what the process may have.",
      unit: "MiB",
      env: "MAPEK_MAX_MEMORY_MB",
    }),
  })
  .prefault({});

const log = z
  .strictObject({
    level: setting(
      z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
      { meaning: "Least severe lines that are logged.", env: "MAPEK_LOG_LEVEL" },
    ),
  })
  .prefault({});

/** The whole configuration; `mape_k_tuning` in a YAML file. Unknown keys are refused. */
export const configSchema = z.strictObject({
  self_learning: selfLearning,
  dynamic_optimizer: dynamicOptimizer,
  feedback_loops: feedbackLoops,
  nats: natsSettings,
  streams,
  membership,
  checkpoints,
  ingest: ingestSettings,
  protocols: protocolSettings,
  memory,
  collectors: collectorSettings,
  http: httpSettings,
  console: consoleSettings,
  log,
});

/** The resolved configuration: complete and frozen, with the keys of the YAML file. */
export type Config = z.output<typeof configSchema>;
