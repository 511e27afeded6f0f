import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code of the console's own errors, its HTTP status, its meaning and its consequence. */
export const CONSOLE_ERRORS = {
  MAPEK_CONSOLE_READ_ONLY: {
    status: 403,
    meaning: "the console has no token and only shows",
    consequence: "skip",
  },
  MAPEK_CONSOLE_BAD_TOKEN: {
    status: 401,
    meaning: "an action without the console's token, or with another one",
    consequence: "skip",
  },
  MAPEK_CONSOLE_BAD_REQUEST: {
    status: 400,
    meaning: "a field of a request to the console is missing or out of range",
    consequence: "skip",
  },
  MAPEK_CONSOLE_NOT_FOUND: {
    status: 404,
    meaning: "no such page, system or series",
    consequence: "skip",
  },
  MAPEK_CONSOLE_FOREIGN_NAME: {
    status: 421,
    meaning: "the console was called by a name that is not in `console.names`",
    consequence: "skip",
  },
  MAPEK_CONSOLE_TOO_MANY_VIEWERS: {
    status: 503,
    meaning: "as many pages are live as the console serves: try later",
    consequence: "retry",
  },
  MAPEK_CONSOLE_PORT_IN_USE: {
    status: 500,
    meaning: "the port of the console is taken",
    consequence: "fatal",
  },
} as const satisfies ErrorTable;

/** An error of the console. Switch on `code`, never on the text. */
export class ConsoleError extends codedError("ConsoleError", CONSOLE_ERRORS) {
  /** HTTP status of the answer. */
  get status(): number {
    return this.facts.status;
  }
}
