/**
 * Places of the numbers of a `FollowedThreshold`. Saved states have the numbers in this order: a place that is moved makes
 * saved states unreadable. Each module copies the places into constants of its own: see the places of `AdaptiveQuantile`.
 */
export const PLACES = {
  /** The threshold without season and correction, unit of the values; the whole threshold where it is constant. */
  BASE: 0,
  /** Added to the base, in spreads, outward. */
  CORRECTION: 1,
  /** Exceedances less the promised ones while the threshold followed: see `payBack`. */
  OWED: 2,
  /** How fast the base follows the online threshold, 0 … 1; 0: the base does not move. */
  RATE: 3,
  /** 1 where neither the clock nor the online threshold moves the threshold. */
  CONSTANT: 4,
  /** When the base last moved, ms. */
  STEPPED_AT: 5,
  /** When the curve in force was drawn, ms. */
  DRAWN_AT: 6,
  /** Curves drawn in about the last day. */
  CURVES: 7,
  /** Share of the last samples that were beyond the threshold, and the number of samples in that share. */
  RECENT_RATE: 8,
  RECENT: 9,
} as const;

export const NUMBERS = 10;
