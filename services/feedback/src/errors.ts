import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code that this service throws, its meaning and its consequence. */
export const FEEDBACK_ERRORS = {
  MAPEK_FEEDBACK_STATE_MALFORMED: {
    meaning: "saved state is not what this actor writes; it is rebuilt from the stream",
    consequence: "skip",
  },
  MAPEK_FEEDBACK_STATE_UNKNOWN_VERSION: {
    meaning: "saved state has a schema number that this reader does not know",
    consequence: "skip",
  },
} as const satisfies ErrorTable;

/** An error of the feedback service: `code` is for programs, the message for people. */
export class FeedbackError extends codedError("FeedbackError", FEEDBACK_ERRORS) {}
