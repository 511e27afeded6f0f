import { Verdict } from "./effectiveness.ts";

const LEAST_DAMPING = 0.1;
/** What comes back of a loop's step with an action that made no clear difference. */
const NEUTRAL_RECOVERY = 0.05;

/**
 * What is left of a loop's step, 0.1–1. An action that hurt leaves `factor` of it; one that helped brings it
 * half-way back; one that made no clear difference a twentieth of the way, since a damped step may be too small
 * to be seen to help.
 */
export function dampedAfter(verdict: Verdict, damping: number, factor: number): number {
  switch (verdict) {
    case Verdict.Hurt:
      return Math.max(LEAST_DAMPING, damping * factor);
    case Verdict.Helped:
      return damping + (1 - damping) / 2;
    case Verdict.Neutral:
      return damping + (1 - damping) * NEUTRAL_RECOVERY;
  }
}

/** A factor moved toward 1 by damping: `factor` itself at 1, nothing at 0. */
export const dampFactor = (factor: number, damping: number): number =>
  damping === 1 ? factor : factor ** damping;
