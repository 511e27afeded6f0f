/** Infinity becomes the largest number. */
export const clampFinite = (x: number): number =>
  x <= Number.MAX_VALUE && x >= -Number.MAX_VALUE
    ? x
    : Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, x));

/** `x`, or the limit (≥ 0) with its sign. */
export const within = (x: number, limit: number): number =>
  x > limit ? limit : Math.max(x, -limit);
