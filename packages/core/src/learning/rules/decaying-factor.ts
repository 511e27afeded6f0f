/** A factor on a sensitivity that labels move and that returns, with a half-life, to where an operator has put it. */
export interface DecayingFactor {
  /** Where it returns to; above 0. */
  readonly base: number;
  /** What it was at `since`; above 0. */
  readonly factor: number;
  /** Event time of the last label, ms. */
  readonly since: number;
}

/** One that nobody has moved. */
export const UNMOVED: DecayingFactor = { base: 1, factor: 1, since: 0 };

/** One that stays until labels move it. */
export const steadyFactor = (factor: number): DecayingFactor => ({
  base: factor,
  factor,
  since: 0,
});

/** What is left of it at a time: half of its logarithm's distance from the base after each half-life. */
export function factorAt(
  { base, factor, since }: DecayingFactor,
  timeMs: number,
  halfLifeMs: number,
): number {
  if (factor === base || timeMs <= since) return factor;
  return base * (factor / base) ** (2 ** ((since - timeMs) / halfLifeMs));
}
