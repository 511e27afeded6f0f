/** The reason of a confirmed action: the cause of the action, followed by its target's answer. */
export const reasonWithAnswer = (why: string, answer: string): string => `${why}; ${answer}`;

/** The reason of an action without its target's answer. */
export const reasonWithoutAnswer = (reason: string, answer: string): string =>
  reason.endsWith(`; ${answer}`) ? reason.slice(0, -`; ${answer}`.length) : reason;
