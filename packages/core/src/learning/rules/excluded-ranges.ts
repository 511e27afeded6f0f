/** Most ranges of one series or system. */
const MAX_RANGES = 100;

/** A range of event time (ms, both ends included) whose samples are neither learned from nor judged. */
export type ExcludedRange = readonly [from: number, to: number];

/** Adds a range; beyond 100 the oldest is dropped. */
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
