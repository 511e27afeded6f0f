/** One way of getting a server, and why it gave none. */
export interface Attempt {
  /** What was tried, for example `PATH` or `Debian package`. */
  way: string;
  /** Why it gave no usable server. */
  outcome: string;
}

interface Details {
  MAPEK_NATS_SERVER_NOT_FOUND: { minimumVersion: string; tried: readonly Attempt[] };
  MAPEK_NATS_SERVER_BAD_BINARY: { path: string; reason: string };
  MAPEK_NATS_SERVER_BAD_OPTION: { option: string; expected: string };
  MAPEK_NATS_SERVER_STORE_IN_USE: { storeDir: string };
  MAPEK_NATS_SERVER_START_FAILED: { binary: string; reason: string; logTail: readonly string[] };
}

/** The codes of this package; callers switch on these, never on message text. */
export type NatsServerErrorCode = keyof Details;

/** What each code means and what its receiver should do (`fatal`: give up, and say so). */
export const NATS_SERVER_ERRORS: Readonly<
  Record<NatsServerErrorCode, { message: string; consequence: "fatal" }>
> = {
  MAPEK_NATS_SERVER_NOT_FOUND: {
    message: "no usable nats-server was found and none could be fetched",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_BAD_BINARY: {
    message: "the nats-server that was named cannot be used",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_BAD_OPTION: {
    message: "an option of startServer is out of range",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_STORE_IN_USE: {
    message: "another nats-server works on this store",
    consequence: "fatal",
  },
  MAPEK_NATS_SERVER_START_FAILED: {
    message: "nats-server did not become ready",
    consequence: "fatal",
  },
};

/**
 * Every error that this package throws on purpose.
 *
 * `details` is typed by `code`: NOT_FOUND lists all ways that were tried, START_FAILED holds the
 * last lines of the server's own log.
 */
export class NatsServerError<Code extends NatsServerErrorCode = NatsServerErrorCode> extends Error {
  override readonly name = "NatsServerError";
  readonly code: Code;
  readonly consequence: "fatal";
  readonly details: Details[Code];

  constructor(code: Code, text: string, details: Details[Code], cause?: unknown) {
    super(
      `${NATS_SERVER_ERRORS[code].message}: ${text}`,
      cause === undefined ? undefined : { cause },
    );
    this.code = code;
    this.consequence = NATS_SERVER_ERRORS[code].consequence;
    this.details = details;
  }
}
