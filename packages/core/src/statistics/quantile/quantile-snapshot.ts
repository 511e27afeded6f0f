import { requireSnapshot } from "../errors.ts";
import type { Side } from "../recommendation/strategies.ts";
import type { SeasonalProfileSnapshot } from "../season/seasonal-profile.ts";
import { PRIOR_DISPERSION } from "./exceedance-dispersion.ts";
import { NUMBERS, NUMBERS_BEFORE, PLACES } from "./quantile-numbers.ts";

const { COUNT, EXCEEDANCES, SPREAD, DISPERSION } = PLACES;

export const VERSION = 4;
/** Version 3 has no dispersion. Version 3 also has a threshold to hold for an hour, which is ignored. */
const OLDEST_VERSION = 3;

/** State of an `AdaptiveQuantile`: plain JSON. */
export interface AdaptiveQuantileSnapshot {
  version: typeof VERSION;
  exceedance_rate: number;
  learning_rate: number;
  side: Side;
  numbers: readonly number[];
  grid: readonly number[];
  /** Null where the series is taken to have no season. */
  profile: SeasonalProfileSnapshot | null;
  /** Local time and turned value of each sample, up to the 16th; not there afterwards. Version 3 had none. */
  first?: readonly number[];
}

/**
 * A state that no `AdaptiveQuantile` wrote is refused instead of learned from.
 *
 * @returns The numbers of the present version, by place: see `PLACES`.
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
 */
export function checkedNumbers(snapshot: AdaptiveQuantileSnapshot): readonly number[] {
  const { exceedance_rate, learning_rate, side, numbers, first } = snapshot;
  const version: number = snapshot.version;
  requireSnapshot(
    version >= OLDEST_VERSION && version <= VERSION,
    `not an adaptive quantile of version ${OLDEST_VERSION} or ${VERSION}`,
  );
  requireSnapshot(
    exceedance_rate >= 0.0001 && exceedance_rate <= 0.5,
    "exceedance_rate out of range",
  );
  requireSnapshot(learning_rate >= 0.001 && learning_rate <= 1, "learning_rate out of range");
  requireSnapshot(side === "upper" || side === "lower", "side is neither upper nor lower");
  const known = version === OLDEST_VERSION ? withDispersion(numbers) : numbers;
  requireSnapshot(
    known.length === NUMBERS &&
      known.every(Number.isFinite) &&
      known[SPREAD]! >= 0 &&
      known[DISPERSION]! >= 0,
    "a number is not finite",
  );
  requireSnapshot(
    Number.isSafeInteger(known[COUNT]) &&
      Number.isSafeInteger(known[EXCEEDANCES]) &&
      known[EXCEEDANCES]! >= 0 &&
      known[EXCEEDANCES]! <= known[COUNT]!,
    "counts out of range",
  );
  requireSnapshot(first?.every(Number.isFinite) !== false, "a first value is not finite");
  return known;
}

/** The numbers of version 3 with `PRIOR_DISPERSION`; an empty list where `numbers` has another length than version 3. */
const withDispersion = (numbers: readonly number[]): readonly number[] =>
  numbers.length === NUMBERS_BEFORE ? [...numbers, 0, PRIOR_DISPERSION] : [];
