import { requireSnapshot } from "../errors.ts";
import { doubles } from "../memory/doubles.ts";
import type { WeeklyShapeSnapshot } from "../season/weekly-shape.ts";
import { AT, KEPT_OF_2, NUMBERS, NUMBERS_OF_2, NUMBERS_OF_3, TREND } from "./change-numbers.ts";

/** Number of numbers in a state, by version. */
const LENGTHS = { 2: NUMBERS_OF_2, 3: NUMBERS_OF_3, 4: NUMBERS } as const;

/** State of a `ChangeDetector`. */
export interface ChangeDetectorSnapshot {
  readonly version: 4;
  readonly seasonal: boolean;
  readonly shape: WeeklyShapeSnapshot | null;
  readonly numbers: Float64Array;
}

/** State of any version that `ChangeDetector.restore` accepts. */
export type AnyChangeDetectorSnapshot = Omit<ChangeDetectorSnapshot, "version"> & {
  readonly version: keyof typeof LENGTHS;
};

/** The numbers of a `ChangeDetector` before the first sample, by `AT`. */
export function noChangeNumbers(): number[] {
  const numbers = doubles(NUMBERS, 0);
  numbers[AT.level] = Number.NaN;
  numbers[AT.takenAt] = Number.NEGATIVE_INFINITY;
  numbers[AT.driftAt] = Number.NEGATIVE_INFINITY;
  return numbers;
}

/**
 * Continues states of older versions, so that an upgrade discards no learned number whose meaning has not changed. Version 3, which has
 * no sudden shifts, keeps all numbers. Version 2, whose blocks have no duration, keeps only the numbers of season and level.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
 */
export function restoredChangeNumbers({ version, numbers }: AnyChangeDetectorSnapshot): number[] {
  const length = LENGTHS[version];
  requireSnapshot(length !== undefined, "not a change detector of version 2, 3 or 4");
  requireSnapshot(numbers.length === length, `a change detector has ${length} numbers`);
  const restored = noChangeNumbers();
  const places = version === 2 ? KEPT_OF_2 : numbers.keys();
  for (const place of places) restored[place] = numbers[place]!;
  requireSnapshot(TREND.isSound(restored), "a count is out of range");
  return restored;
}
