const LEAST_DAMPING = 0.1;

/** What is left of a loop's step after an action that hurt: `factor` of it, never under 0.1. */
export const dampedAfterHurt = (damping: number, factor: number): number =>
  Math.max(LEAST_DAMPING, damping * factor);

/** An action that helped brings a loop half-way back to its full step. */
export const dampedAfterHelp = (damping: number): number => damping + (1 - damping) / 2;

/** A factor moved toward 1 by damping: `factor` itself at 1, nothing at 0. */
export const dampFactor = (factor: number, damping: number): number =>
  damping === 1 ? factor : factor ** damping;
