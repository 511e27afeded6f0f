import { Judgement } from "./effectiveness.ts";

const LEAST_DAMPING = 0.1;
/** Share of the damped part of a step that comes back with each neutral verdict. */
const NEUTRAL_RECOVERY = 0.05;

/**
 * The loop's damping after a verdict: the share of a full step that the loop still makes, 0.1–1. An action that
 * hurt multiplies damping by `factor`; an action that helped brings it half-way back to 1; a neutral one brings
 * it back by a twentieth of the way, since the effect of a damped step may be too small to be measured.
 */
export function dampedAfter(verdict: Judgement, damping: number, factor: number): number {
  switch (verdict) {
    case Judgement.Hurt:
      return Math.max(LEAST_DAMPING, damping * factor);
    case Judgement.Helped:
      return damping + (1 - damping) / 2;
    case Judgement.Neutral:
      return damping + (1 - damping) * NEUTRAL_RECOVERY;
  }
}

/** A factor moved toward 1: `factor` itself at damping 1, 1 at damping 0. */
export const dampFactor = (factor: number, damping: number): number =>
  damping === 1 ? factor : factor ** damping;
