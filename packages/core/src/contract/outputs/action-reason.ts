/** The reason of an action that its target has done: why it was wanted, and what the target answered. */
export const reasonWithAnswer = (why: string, answer: string): string => `${why}; ${answer}`;

/** Why an action was wanted: its reason without what its target answered. */
export const reasonWithoutAnswer = (reason: string, answer: string): string =>
  reason.endsWith(`; ${answer}`) ? reason.slice(0, -`; ${answer}`.length) : reason;
