import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** One way of finding a server that was tried, and why it gave none. */
export interface Attempt {
  /** Name of the way, for example `PATH` or `Debian package`. */
  way: string;
  outcome: string;
}

interface Details {
  MAPEK_NATS_SERVER_NOT_FOUND: { minimumVersion: string; tried: readonly Attempt[] };
  MAPEK_NATS_SERVER_BAD_BINARY: { path: string; reason: string };
  MAPEK_NATS_SERVER_BAD_OPTION: { option: string; expected: string };
  MAPEK_NATS_SERVER_STORE_IN_USE: { storeDir: string };
  MAPEK_NATS_SERVER_START_FAILED: { binary: string; reason: string; logTail: readonly string[] };
}

/** Every code of this package, its meaning and its consequence. */
export const NATS_SERVER_ERRORS = {
  MAPEK_NATS_SERVER_NOT_FOUND: {
    meaning: "no usable nats-server was found and none could be fetched",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_BAD_BINARY: {
    meaning: "the nats-server that was named cannot be used",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_BAD_OPTION: {
    meaning: "an option of startServer is out of range",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_STORE_IN_USE: {
    meaning: "another nats-server works on this store",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_START_FAILED: {
    meaning: "nats-server did not become ready",
    consequence: "fatal",
  },
} as const satisfies ErrorTable;

/** The codes of this package; callers switch on these, never on message text. */
export type NatsServerErrorCode = keyof typeof NATS_SERVER_ERRORS;

/**
 * An error of this package.
 *
 * The type of `details` depends on `code`: NOT_FOUND lists all ways that were tried, START_FAILED holds the last lines
 * of the server's log.
 */
export class NatsServerError<
  Code extends NatsServerErrorCode = NatsServerErrorCode,
> extends codedError("NatsServerError", NATS_SERVER_ERRORS) {
  declare readonly code: Code;
  declare readonly details: Details[Code];

  constructor(code: Code, text: string, details: Details[Code], cause?: unknown) {
    super(code, `${NATS_SERVER_ERRORS[code].meaning}: ${text}`, { cause, details });
  }
}
