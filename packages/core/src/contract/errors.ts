import { codedError, type ErrorTable } from "../coded-error.ts";

/** Every code with which a message can be refused, its meaning and its consequence. */
export const MESSAGE_ERRORS = {
  MAPEK_MESSAGE_MALFORMED: {
    meaning: "payload is neither JSON, MessagePack nor a number as text",
    consequence: "skip",
  },
  MAPEK_MESSAGE_INVALID: {
    meaning: "a field is missing, has the wrong type or is out of range",
    consequence: "skip",
  },
  MAPEK_MESSAGE_UNKNOWN_VERSION: {
    meaning: "written by a newer major version of the schema",
    consequence: "skip",
  },
  MAPEK_MESSAGE_TOO_LARGE: {
    meaning: "payload or item count above the configured limit",
    consequence: "skip",
  },
  MAPEK_SUBJECT_INVALID: {
    meaning: "subject does not have the form of its family",
    consequence: "skip",
  },
  MAPEK_SAMPLE_NOT_FINITE: {
    meaning: "value is NaN, infinite or not a number",
    consequence: "skip",
  },
  MAPEK_SAMPLE_BAD_TIMESTAMP: {
    meaning: "timestamp is not a finite number of milliseconds since 1970",
    consequence: "skip",
  },
  MAPEK_SAMPLE_IN_FUTURE: {
    meaning: "timestamp is too far ahead of the clock",
    consequence: "skip",
  },
  MAPEK_SAMPLE_BAD_LABELS: {
    meaning: "labels are not a map of strings within the limits",
    consequence: "skip",
  },
  MAPEK_SERIES_LIMIT: {
    meaning: "the system already has as many series as it may have",
    consequence: "skip",
  },
  MAPEK_SYSTEM_LIMIT: {
    meaning: "there are already as many systems as there may be",
    consequence: "skip",
  },
  MAPEK_OVERLOADED: {
    meaning: "too much waits to be stored, or memory is short: try later",
    consequence: "retry",
  },
  MAPEK_NOT_STORED: {
    meaning: "the server did not confirm that the message is stored",
    consequence: "retry",
  },
  MAPEK_SIGNAL_RATE_LIMITED: {
    meaning: "the source sends more signals than it may: stored, without effect",
    consequence: "skip",
  },
  MAPEK_SIGNAL_INFLUENCE_SPENT: {
    meaning: "the source has moved this setting as far as it may: stored, without effect",
    consequence: "skip",
  },
  MAPEK_SIGNAL_SOURCE_DISTRUSTED: {
    meaning: "the source has the weight 0: stored, without effect",
    consequence: "skip",
  },
  MAPEK_REQUEST_UNKNOWN_VERB: { meaning: "no such request", consequence: "skip" },
  MAPEK_REQUEST_UNAVAILABLE: {
    meaning: "the partition that knows the answer is not being served now",
    consequence: "retry",
  },
  MAPEK_HTTP_UNAUTHORIZED: {
    meaning: "the request does not bring the token that is asked for",
    consequence: "skip",
  },
  MAPEK_REPLY_TOO_LARGE: {
    meaning: "the answer would not fit in one message: ask for less",
    consequence: "skip",
  },
} as const satisfies ErrorTable;

export type MessageErrorCode = keyof typeof MESSAGE_ERRORS;

/** A refused message: the code is for programs, the text for people. */
export class MessageError extends codedError("MessageError", MESSAGE_ERRORS) {}

/** The result of a decoder, since decoders never throw. */
export type Decoded<T> = { ok: true; value: T } | { ok: false; error: MessageError };

export const accepted = <T>(value: T): Decoded<T> => ({ ok: true, value });

export const refused = (
  code: MessageErrorCode,
  detail: string,
  cause?: unknown,
): Decoded<never> => ({
  ok: false,
  error: new MessageError(code, detail, cause === undefined ? undefined : { cause }),
});
