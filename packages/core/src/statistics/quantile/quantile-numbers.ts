/** Samples before which an `AdaptiveQuantile` has no threshold. */
export const WARM_UP = 16;

/**
 * Places of the numbers of an `AdaptiveQuantile`. Saved states have the numbers in this order: a place that is moved makes
 * saved states unreadable. Each module copies the places into constants of its own: an imported place is read from memory at
 * each use, which made a sample 8 % slower.
 */
export const PLACES = {
  /** Samples seen. */
  COUNT: 0,
  /** Samples beyond the threshold, of those after the 16th. */
  EXCEEDANCES: 1,
  /** Usual value, season taken off, and usual absolute deviation from it; unit of the values. */
  LEVEL: 2,
  SPREAD: 3,
  /** Spreads from the level to the threshold. */
  MULTIPLE: 4,
  /** Mean excess over the threshold, in spreads. */
  TAIL: 5,
  /** Exceedances less the promised ones since the beginning. */
  OWED: 6,
  /** How many residuals in a row were beyond the limit of the level, and of the spread; negative for those below. */
  LEVEL_RUN: 7,
  SPREAD_RUN: 8,
  /** Local time of the last sample, ms. */
  LAST_TIME: 9,
  /** Exceedances in the block that is not full yet. */
  IN_BLOCK: 10,
  /** How exceedances cluster: see `countExceedance`. */
  DISPERSION: 11,
} as const;

export const NUMBERS = 12;
/** Length of the numbers of version 3, without `IN_BLOCK` and `DISPERSION`. */
export const NUMBERS_BEFORE = PLACES.IN_BLOCK;
