/** Ranges that one series or system may have at the same time. */
const MAX_RANGES = 100;

/** Stretches of event time (ms, both ends included) that are neither learned from nor judged. */
export type ExcludedRange = readonly [from: number, to: number];

/** Adds a range; of more than 100 the oldest goes. */
export function exclude(
  ranges: readonly ExcludedRange[],
  from: number,
  to: number,
): readonly ExcludedRange[] {
  return [...ranges, [from, to] as const].slice(-MAX_RANGES);
}

/** Cost: O(ranges), nothing without any. */
export function isExcluded(ranges: readonly ExcludedRange[], time: number): boolean {
  for (const [from, to] of ranges) if (time >= from && time <= to) return true;
  return false;
}
