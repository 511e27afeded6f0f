/** A factor on a sensitivity. Labels move the factor; it returns with a half-life to the base that an operator has set. */
export interface DecayingFactor {
  /** The factor after infinite time; above 0. */
  readonly base: number;
  /** The factor at `since`; above 0. */
  readonly factor: number;
  /** Event time of the last label, ms. */
  readonly since: number;
}

/** The factor before any label or command. */
export const UNMOVED: DecayingFactor = { base: 1, factor: 1, since: 0 };

/** A factor that stays until labels move it. */
export const steadyFactor = (factor: number): DecayingFactor => ({
  base: factor,
  factor,
  since: 0,
});

/** The factor at a time: each half-life halves the distance between the logarithms of the factor and of the base. */
export function factorAt(
  { base, factor, since }: DecayingFactor,
  timeMs: number,
  halfLifeMs: number,
): number {
  if (factor === base || timeMs <= since) return factor;
  return base * (factor / base) ** (2 ** ((since - timeMs) / halfLifeMs));
}
