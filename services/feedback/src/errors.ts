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
} as const;

export type FeedbackErrorCode = keyof typeof FEEDBACK_ERRORS;

/** What went wrong in the feedback service: the code is for programs, the text for people. */
export class FeedbackError extends Error {
  override readonly name = "FeedbackError";
  readonly code: FeedbackErrorCode;

  constructor(code: FeedbackErrorCode, detail: string, options?: ErrorOptions) {
    super(`${code}: ${detail}`, options);
    this.code = code;
  }

  get consequence(): "skip" {
    return FEEDBACK_ERRORS[this.code].consequence;
  }
}
