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
} as const;

export type OptimizerErrorCode = keyof typeof OPTIMIZER_ERRORS;

/** What went wrong in the optimizer: the code is for programs, the text for people. */
export class OptimizerError extends Error {
  override readonly name = "OptimizerError";
  readonly code: OptimizerErrorCode;

  constructor(code: OptimizerErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }

  get consequence(): "skip" {
    return OPTIMIZER_ERRORS[this.code].consequence;
  }
}
