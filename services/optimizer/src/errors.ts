import { codedError, type ErrorTable } from "@mapek/core/coded-error";

/** Every code that this service throws, its meaning and its consequence. */
export const OPTIMIZER_ERRORS = {
  MAPEK_OPTIMIZER_STATE_MALFORMED: {
    meaning: "saved state is not what this actor writes; it is rebuilt from the stream",
    consequence: "skip",
  },
  MAPEK_OPTIMIZER_STATE_UNKNOWN_VERSION: {
    meaning: "saved state has a schema number that this reader does not know",
    consequence: "skip",
  },
} as const satisfies ErrorTable;

/** An error of the optimizer: `code` is for programs, the message for people. */
export class OptimizerError extends codedError("OptimizerError", OPTIMIZER_ERRORS) {}
