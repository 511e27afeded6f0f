/** Infinity becomes the largest number. */
export const clampFinite = (x: number): number =>
  Math.min(Number.MAX_VALUE, Math.max(-Number.MAX_VALUE, x));

/** `x`, or the limit (≥ 0) with its sign. */
export const within = (x: number, limit: number): number => Math.min(limit, Math.max(-limit, x));
