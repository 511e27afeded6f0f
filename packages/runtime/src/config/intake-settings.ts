import { setting, tokenSchema } from "@mapek/core/contract";
import { z } from "zod";

/** `ingest`: limits of what a monitor accepts, and of what waits to be stored. */
export const ingestSettings = z
  .strictObject({
    batch_samples: setting(z.number().int().min(1).max(65_535).default(2_000), {
      meaning:
        "A batch is stored when it has so many samples, or after `batch_linger_ms`, whichever comes first.",
      unit: "samples",
    }),
    batch_linger_ms: setting(z.number().min(0).max(1_000).default(5), {
      meaning: "A batch waits at most so long for more samples.",
      unit: "ms",
    }),
    max_series_per_system: setting(z.number().int().min(1).default(10_000), {
      meaning: "Series that one system may have.",
      unit: "series",
    }),
    max_ahead_seconds: setting(z.number().positive().default(300), {
      meaning: "A timestamp may be so far ahead of the clock.",
      unit: "s",
    }),
    max_payload_bytes: setting(z.number().int().min(1_024).max(67_108_864).default(1_048_576), {
      meaning: "Largest payload of one message. The server's own max_payload holds too.",
      unit: "bytes",
    }),
    max_samples_per_message: setting(z.number().int().min(1).max(65_535).default(65_535), {
      meaning: "Samples that one message may hold.",
      unit: "samples",
    }),
    max_waiting_samples: setting(z.number().int().min(1).default(1_000_000), {
      meaning: "Samples that wait to be stored before publishers are told to try later.",
      unit: "samples",
    }),
    max_waiting_bytes: setting(z.number().int().min(1_024).default(134_217_728), {
      meaning:
        "Bytes of samples and keys that wait to be stored before publishers are told to try later.",
      unit: "bytes",
    }),
    max_samples_per_second_per_system: setting(z.number().positive().optional(), {
      meaning: "What one monitor takes from one system in the long run; unset: no limit.",
      unit: "samples/s",
    }),
    max_systems: setting(z.number().int().min(1).default(10_000), {
      meaning: "Systems that a monitor routes.",
      unit: "systems",
    }),
    idle_series_seconds: setting(z.number().positive().default(86_400), {
      meaning:
        "A series without samples for so long no longer counts against `max_series_per_system`.",
      unit: "s",
    }),
  })
  .prefault({});

/** A target whose metrics are fetched. */
const scrapeTarget = z.strictObject({
  url: setting(z.url({ protocol: /^https?$/ }), {
    meaning: "Address of the target's metrics, such as `http://host:9100/metrics`.",
    secret: "credentials",
  }),
  system: setting(tokenSchema.optional(), {
    meaning: "The system that the target belongs to; unset: `default_system`.",
  }),
  interval_seconds: setting(z.number().min(1).max(3_600).default(15), {
    meaning: "Time between two fetches.",
    unit: "s",
  }),
  timeout_seconds: setting(z.number().min(0.1).max(600).default(10), {
    meaning: "A fetch that takes longer has failed.",
    unit: "s",
  }),
  metrics: setting(z.array(z.string().min(1)).default([]), {
    meaning: "Names of metrics that are taken, with `*`; empty: all.",
  }),
});

/** `protocols`: the listeners of other tools' formats, and what is fetched from them. */
export const protocolSettings = z
  .strictObject({
    host: setting(z.string().min(1).default("127.0.0.1"), {
      meaning: "Address at which the listeners of other tools' formats wait.",
      env: "MAPEK_PROTOCOLS_HOST",
    }),
    http_port: setting(z.number().int().min(0).max(65_535).optional(), {
      meaning:
        "Port of OTLP, remote write and line protocol over HTTP; 0 takes a free one, unset: off.",
      env: "MAPEK_PROTOCOLS_HTTP_PORT",
    }),
    http_token: setting(z.string().min(8).optional(), {
      meaning:
        "What a request over HTTP has to bring as `Authorization: Bearer …` or `Token …`; unset: nothing.",
      env: "MAPEK_PROTOCOLS_TOKEN",
      secret: "value",
    }),
    statsd_port: setting(z.number().int().min(0).max(65_535).optional(), {
      meaning: "UDP port of StatsD; 0 takes a free one, unset: off.",
      env: "MAPEK_STATSD_PORT",
    }),
    statsd_flush_seconds: setting(z.number().min(0.1).max(3_600).default(10), {
      meaning: "StatsD's counters and timings are gathered over so long.",
      unit: "s",
    }),
    max_body_bytes: setting(z.number().int().min(1_024).max(268_435_456).default(8_388_608), {
      meaning: "Largest body over HTTP, and what it may unpack to.",
      unit: "bytes",
    }),
    default_system: setting(tokenSchema.default("default"), {
      meaning: "The system of metrics where neither the request nor a label names one.",
    }),
    system_label: setting(z.string().min(1).optional(), {
      meaning: "A label that names the system, such as `job`; unset: none does.",
    }),
    gap_seconds: setting(z.number().positive().default(900), {
      meaning:
        "Two readings of a counter or histogram are compared when no more than this lies between them; a longer gap starts anew.",
      unit: "s",
    }),
    counters: setting(z.array(z.string().min(1)).default([]), {
      meaning:
        "Names of metrics, with `*`, that are totals though their format says nothing of it.",
    }),
    otlp_resource_labels: setting(
      z
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
      { meaning: "Attributes of an OTLP resource that become labels." },
    ),
    scrape: setting(z.array(scrapeTarget).max(1_000).default([]), {
      meaning: "Targets whose metrics are fetched, each with the keys below.",
    }),
  })
  .prefault({});

/** `collectors`: measuring this machine as a system. */
export const collectorSettings = z
  .strictObject({
    enabled: setting(z.boolean().default(false), {
      meaning: "Whether the monitor measures the machine that it runs on.",
      env: "MAPEK_COLLECT",
    }),
    system: setting(tokenSchema.default("local"), {
      meaning: "The system as which this machine reports.",
      env: "MAPEK_SYSTEM",
    }),
  })
  .prefault({});
