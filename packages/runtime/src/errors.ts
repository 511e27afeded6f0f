import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code of the runtime, its meaning and its consequence. */
export const RUNTIME_ERRORS = {
  MAPEK_CONFIG_UNREADABLE: {
    meaning: "the configuration file cannot be read or is not YAML",
    consequence: "fatal",
  },
  MAPEK_CONFIG_UNKNOWN_KEY: {
    meaning: "a configuration key that does not exist",
    consequence: "fatal",
  },
  MAPEK_CONFIG_BAD_VALUE: {
    meaning: "a configuration value of the wrong type or out of range",
    consequence: "fatal",
  },
  MAPEK_NATS_UNREACHABLE: {
    meaning: "no NATS server answers at the configured address",
    consequence: "fatal",
  },
  MAPEK_NATS_TOO_OLD: {
    meaning: "the NATS server is older than the minimum version",
    consequence: "fatal",
  },
  MAPEK_NATS_NO_JETSTREAM: {
    meaning: "the NATS server or account has no JetStream",
    consequence: "fatal",
  },
  MAPEK_STREAM_DRIFT: {
    meaning: "a stream on the server is configured otherwise than declared",
    consequence: "fatal",
  },
  MAPEK_HOUSE_TOO_NEW: {
    meaning: "the streams were written by a newer version, which this one would misread",
    consequence: "fatal",
  },
  MAPEK_STREAM_REFUSED: {
    meaning: "the server refused to make, show or change a stream",
    consequence: "fatal",
  },
  MAPEK_PARTITION_FENCED: {
    meaning: "another owner has claimed the partition",
    consequence: "fenced",
  },
  MAPEK_COMMIT_UNKNOWN: {
    meaning: "the server did not say whether a commit is stored",
    consequence: "fenced",
  },
  MAPEK_BATCH_REFUSED: { meaning: "the server refused an atomic batch", consequence: "retry" },
  MAPEK_BATCH_INVALID: {
    meaning: "an atomic batch that the server could not accept",
    consequence: "fatal",
  },
  MAPEK_ACTOR_FAILED: { meaning: "an actor threw on an input", consequence: "skip" },
  MAPEK_INTERNAL: { meaning: "a fault of ours while a request was answered", consequence: "skip" },
  MAPEK_CHECKPOINT_CORRUPT: {
    meaning: "a checkpoint is damaged or cut off",
    consequence: "skip",
  },
  MAPEK_CHECKPOINT_UNKNOWN_VERSION: {
    meaning: "a checkpoint was written in a form that this version does not know",
    consequence: "skip",
  },
  MAPEK_CHECKPOINT_FOREIGN: {
    meaning: "a checkpoint is of another service or partition",
    consequence: "skip",
  },
  MAPEK_CHECKPOINT_MISSING: {
    meaning: "a checkpoint that a position names is not in the store",
    consequence: "skip",
  },
  MAPEK_CHECKPOINT_UNREADABLE: {
    meaning: "the server did not hand out a checkpoint, asked for ten seconds",
    consequence: "skip",
  },
  MAPEK_CHECKPOINT_ABANDONED: {
    meaning: "what a checkpoint was written of changed so that it is of no use",
    consequence: "retry",
  },
  MAPEK_CHECKPOINT_NOT_WRITTEN: {
    meaning: "the server did not store a checkpoint",
    consequence: "retry",
  },
  MAPEK_HTTP_PORT_IN_USE: {
    meaning: "the port of the health endpoint is taken",
    consequence: "fatal",
  },
} as const satisfies ErrorTable;

export type RuntimeErrorCode = keyof typeof RUNTIME_ERRORS;

/** An error of the runtime. Switch on `code`, never on the text. */
export class RuntimeError extends codedError("RuntimeError", RUNTIME_ERRORS) {}
