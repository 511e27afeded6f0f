/** A change of a series that lasts. Levels are what the series had, and had been expected to have, in its last blocks. */
export interface Change {
  readonly kind: "level_shift" | "drift";
  /** Milliseconds. */
  readonly since: number;
  readonly before: number;
  readonly after: number;
  /** Distance in standard deviations of the samples around their level; at most 1,000. */
  readonly size: number;
}

/** A change is told from this size on: shifts by two deviations of samples are. */
export const LEAST_SIZE = 1.8;
