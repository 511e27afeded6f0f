import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code of the client's own errors, its meaning and its consequence. A refused message has a code of `MESSAGE_ERRORS`. */
export const CLIENT_ERRORS = {
  MAPEK_CLIENT_UNREACHABLE: {
    meaning: "no NATS server answers at the given addresses",
    consequence: "retry",
  },
  MAPEK_CLIENT_CLOSED: { meaning: "the client is closed", consequence: "fix" },
  MAPEK_CLIENT_BAD_OPTION: {
    meaning: "an option that is out of range or contradicts another",
    consequence: "fix",
  },
  MAPEK_CLIENT_NO_SERVICE: {
    meaning: "no service listens on the subject of the request",
    consequence: "retry",
  },
  MAPEK_CLIENT_TIMEOUT: { meaning: "no answer came in time", consequence: "retry" },
  MAPEK_CLIENT_REFUSED: {
    meaning: "a service refused the request with a code that this client does not know",
    consequence: "fix",
  },
  MAPEK_CLIENT_BAD_REPLY: {
    meaning: "the answer does not have the form of its family",
    consequence: "retry",
  },
  MAPEK_CLIENT_BUFFER_FULL: {
    meaning: "more samples wait to be sent than the buffer may hold",
    consequence: "retry",
  },
  MAPEK_CLIENT_NO_BUCKET: {
    meaning: "the bucket does not exist: no service has run on this server yet",
    consequence: "retry",
  },
  MAPEK_CLIENT_HANDLER_FAILED: {
    meaning: "a subscription's handler threw or rejected; the subscription goes on",
    consequence: "fix",
  },
  MAPEK_CLIENT_LOOP_STEP_FAILED: {
    meaning: "a function of a MapeLoop threw or rejected; the loop goes on",
    consequence: "fix",
  },
} as const satisfies ErrorTable;

export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/** An error of the client. Switch on `code`, never on the text. */
export class ClientError extends codedError("ClientError", CLIENT_ERRORS) {}
