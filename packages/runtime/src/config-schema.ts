import {
  feedbackSettings,
  learnerSettings,
  optimizerSettings,
  tokenSchema,
} from "@mapek/core/messages";
import { z } from "zod";

const secondsDuration = z.number().positive();

/** `self_learning`: the learner's settings, but for the one that follows from others. */
const selfLearning = learnerSettings.omit({ max_series_of_system: true }).prefault({});
/** `dynamic_optimizer`: the optimizer's settings. */
const dynamicOptimizer = optimizerSettings.prefault({});
/** `feedback_loops`: the feedback service's settings, and how much of its history is kept. */
const feedbackLoops = feedbackSettings
  .extend({
    signal_history_size: z.number().int().min(1).max(10_000_000).default(10_000),
    action_history_size: z.number().int().min(1).max(10_000_000).default(5_000),
  })
  .prefault({});

const nats = z
  .strictObject({
    /** Address of the server; several with commas. */
    url: z.string().min(1).default("nats://127.0.0.1:4222"),
    user: z.string().optional(),
    password: z.string().optional(),
    token: z.string().optional(),
    /** Path of a credentials file (JWT and NKey seed). */
    credentials_file: z.string().optional(),
    /** Path of a file that holds an NKey seed. */
    nkey_seed_file: z.string().optional(),
    /** Paths of PEM files: the authority of the server's certificate; this client's own certificate and key. */
    tls_ca_file: z.string().optional(),
    /** Addresses of the servers' monitoring (`http://host:8222`), separated by commas: tells how they sync. */
    monitoring_url: z.string().optional(),
    tls_cert_file: z.string().optional(),
    tls_key_file: z.string().optional(),
    /** Subject below which answers come. Unset: `_INBOX`, with an NKey seed `_INBOX.<public key>`. */
    inbox_prefix: z.string().min(1).optional(),
    /** Seconds that a service waits for its first connection. */
    connect_timeout_seconds: secondsDuration.default(10),
  })
  .prefault({});

const streams = z
  .strictObject({
    public_prefix: tokenSchema.default("mapek"),
    stored_prefix: tokenSchema.default("mapek-kb"),
    /** Fixed for the life of the streams. */
    partitions: z.number().int().min(1).max(256).default(16),
    replicas: z.number().int().min(1).max(5).default(1),
    /** Whether limits on the server that differ from the declared ones are set to them at start. */
    update: z.boolean().default(false),
    /** Days that knowledge (inputs, outputs, commands) is kept. */
    knowledge_days: z.number().positive().default(30),
    /** Most bytes of stored samples; the oldest go first. −1 = no limit. */
    samples_max_bytes: z.number().int().min(-1).default(-1),
  })
  .prefault({});

const membership = z
  .strictObject({
    /** Seconds without a heartbeat after which a member is taken for dead and its partitions go to others. */
    ttl_seconds: z.number().min(1).max(60).default(2.5),
  })
  .prefault({});

const checkpoints = z
  .strictObject({
    /** Seconds after which a partition that has folded something is saved again; more where saving takes long. */
    interval_seconds: secondsDuration.default(60),
  })
  .prefault({});

const ingest = z
  .strictObject({
    /** Samples and milliseconds after which a batch is stored, whichever comes first. */
    batch_samples: z.number().int().min(1).max(65_535).default(2_000),
    batch_linger_ms: z.number().min(0).max(1_000).default(5),
    /** Series that one system may have. */
    max_series_per_system: z.number().int().min(1).default(10_000),
    /** Seconds that a timestamp may be ahead of the clock. */
    max_ahead_seconds: secondsDuration.default(300),
    /** Largest payload of one message, bytes. The server's own max_payload holds too. */
    max_payload_bytes: z.number().int().min(1_024).max(67_108_864).default(1_048_576),
    /** Samples of one message. */
    max_samples_per_message: z.number().int().min(1).max(65_535).default(65_535),
    /** Samples that wait to be stored before publishers are told to try later. */
    max_waiting_samples: z.number().int().min(1).default(1_000_000),
    /** Bytes of samples and keys that wait to be stored, likewise. */
    max_waiting_bytes: z.number().int().min(1_024).default(134_217_728),
    /** Samples a second that one monitor takes from one system in the long run; unset = no limit. */
    max_samples_per_second_per_system: z.number().positive().optional(),
    /** Systems that a monitor routes. */
    max_systems: z.number().int().min(1).default(10_000),
    /** Seconds after which a series without samples no longer counts against the limit. */
    idle_series_seconds: secondsDuration.default(86_400),
  })
  .prefault({});

/** A target whose metrics are fetched. */
const scrapeTarget = z.strictObject({
  /** Address of its metrics, such as `http://host:9100/metrics`. */
  url: z.url({ protocol: /^https?$/ }),
  /** The system that it belongs to; unset = the default one. */
  system: tokenSchema.optional(),
  interval_seconds: z.number().min(1).max(3_600).default(15),
  timeout_seconds: z.number().min(0.1).max(600).default(10),
  /** Names of metrics that are taken, with `*`; empty = all. */
  metrics: z.array(z.string().min(1)).default([]),
});

const protocols = z
  .strictObject({
    /** Address at which the listeners of other tools' formats wait. */
    host: z.string().min(1).default("127.0.0.1"),
    /** Port of OTLP, remote write and line protocol over HTTP; 0 takes a free one, unset = off. */
    http_port: z.number().int().min(0).max(65_535).optional(),
    /** What a request over HTTP has to bring as `Authorization: Bearer …` or `Token …`; unset = nothing. */
    http_token: z.string().min(8).optional(),
    /** UDP port of StatsD, likewise. */
    statsd_port: z.number().int().min(0).max(65_535).optional(),
    /** Seconds over which StatsD's counters and timings are gathered. */
    statsd_flush_seconds: z.number().min(0.1).max(3_600).default(10),
    /** Largest body over HTTP, and what it may unpack to, bytes. */
    max_body_bytes: z.number().int().min(1_024).max(268_435_456).default(8_388_608),
    /** The system of metrics where neither the request nor a label names one. */
    default_system: tokenSchema.default("default"),
    /** A label that names the system, such as `job`; unset = none does. */
    system_label: z.string().min(1).optional(),
    /** Seconds between two readings of a counter or histogram that are compared; a longer gap starts anew. */
    gap_seconds: secondsDuration.default(900),
    /** Names of metrics, with `*`, that are totals though their format says nothing of it. */
    counters: z.array(z.string().min(1)).default([]),
    /** Attributes of an OTLP resource that become labels. */
    otlp_resource_labels: z
      .array(z.string().min(1))
      .default([
        "service.namespace",
        "service.name",
        "service.instance.id",
        "deployment.environment.name",
        "host.name",
        "k8s.namespace.name",
        "k8s.pod.name",
        "k8s.container.name",
      ]),
    scrape: z.array(scrapeTarget).max(1_000).default([]),
  })
  .prefault({});

const memory = z
  .strictObject({
    /** MiB that a service may use; 0 takes 75 % of what the process may have. */
    max_mb: z.number().int().min(0).default(0),
  })
  .prefault({});

const collectors = z
  .strictObject({
    enabled: z.boolean().default(false),
    /** The system as which this machine reports. */
    system: tokenSchema.default("local"),
  })
  .prefault({});

const http = z
  .strictObject({
    /** Address at which a service's health endpoint and metrics are served. */
    host: z.string().default("127.0.0.1"),
    /**
     * 0 takes a free port; unset takes 7411 (monitor), 7412 (learner), 7413 (optimizer) or 7414 (feedback). `mapek up` runs all
     * four: from N it gives N to the monitor, N + 1 to the learner, N + 2 to the optimizer, N + 3 to feedback, and fails where
     * one is taken; unset it gives a free port in place of a taken one.
     */
    port: z.number().int().min(0).max(65_535).optional(),
  })
  .prefault({});

const consoleSettings = z
  .strictObject({
    /** Address at which the page is served. */
    host: z.string().default("127.0.0.1"),
    /** 0 takes a free port; a taken one is an error. Unset takes 7410, or with `mapek up` a free port where that is taken. */
    port: z.number().int().min(0).max(65_535).optional(),
    /** Whoever has it may label, pin, freeze and exclude; without one the console only shows. */
    token: z.string().min(16).max(512).optional(),
    /** Names by which browsers may call it, beside the address that it listens on and this machine's own. */
    names: z.array(z.string().min(1)).default([]),
  })
  .prefault({});

const log = z
  .strictObject({
    level: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  })
  .prefault({});

/** The whole configuration; `mape_k_tuning` in a YAML file. Unknown keys are refused. */
export const configSchema = z.strictObject({
  self_learning: selfLearning,
  dynamic_optimizer: dynamicOptimizer,
  feedback_loops: feedbackLoops,
  nats,
  streams,
  membership,
  checkpoints,
  ingest,
  protocols,
  memory,
  collectors,
  http,
  console: consoleSettings,
  log,
});

/** Complete and frozen; keys are those of the YAML file. */
export type Config = z.output<typeof configSchema>;
