import { codedError, type ErrorTable } from "../coded-error.ts";

/** Every code with which this folder refuses something, its meaning and its consequence. */
export const STATS_ERRORS = {
  MAPEK_STATS_NOT_FINITE: { meaning: "a value or a time is NaN or infinite", consequence: "skip" },
  MAPEK_STATS_BAD_SETTING: {
    meaning: "a setting or argument is outside its range",
    consequence: "fatal",
  },
  MAPEK_STATS_BAD_SNAPSHOT: {
    meaning: "a snapshot is damaged, of another kind or of another version",
    consequence: "fatal",
  },
  MAPEK_STATS_LENGTH_MISMATCH: {
    meaning: "arrays that belong together differ in length",
    consequence: "fatal",
  },
} as const satisfies ErrorTable;

export type StatsErrorCode = keyof typeof STATS_ERRORS;

/** A refused input: the code is for programs, the text for people. */
export class StatsError extends codedError("StatsError", STATS_ERRORS) {}

/**
 * Refuses NaN and infinity.
 *
 * @throws {StatsError} MAPEK_STATS_NOT_FINITE
 */
export function requireFinite(value: number, what: string): void {
  if (!Number.isFinite(value)) {
    throw new StatsError("MAPEK_STATS_NOT_FINITE", `${what} is ${value}`);
  }
}

/**
 * Refuses a setting outside [low, high], and NaN.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SETTING
 */
export function requireRange(value: number, low: number, high: number, what: string): void {
  if (!(value >= low && value <= high)) {
    throw new StatsError(
      "MAPEK_STATS_BAD_SETTING",
      `${what} is ${value}, expected ${low} to ${high}`,
    );
  }
}

/**
 * Refuses a setting that is not a whole number of at least `low`.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SETTING
 */
export function requireCount(value: number, low: number, what: string): void {
  if (!Number.isSafeInteger(value) || value < low) {
    throw new StatsError(
      "MAPEK_STATS_BAD_SETTING",
      `${what} is ${value}, expected a whole number from ${low}`,
    );
  }
}

/**
 * Refuses a snapshot of which something does not hold.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT
 */
export function requireSnapshot(holds: boolean, what: string): asserts holds {
  if (!holds) throw new StatsError("MAPEK_STATS_BAD_SNAPSHOT", what);
}
