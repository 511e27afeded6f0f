/** The nearest number within limits; `least` where they cross. */
export const clamp = (x: number, least: number, most: number): number =>
  Math.max(least, Math.min(most, x));

/** Infinity becomes the largest number. */
export const clampFinite = (x: number): number =>
  x <= Number.MAX_VALUE && x >= -Number.MAX_VALUE
    ? x
    : clamp(x, -Number.MAX_VALUE, Number.MAX_VALUE);

/** `x`, or the limit (≥ 0) with its sign. */
export const within = (x: number, limit: number): number =>
  x > limit ? limit : Math.max(x, -limit);
