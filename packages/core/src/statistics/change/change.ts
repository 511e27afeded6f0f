/** A lasting change of a series. `after` is the observed level of the last blocks, `before` the level expected without the change. */
export interface Change {
  readonly kind: "level_shift" | "drift";
  /** Milliseconds. */
  readonly since: number;
  readonly before: number;
  readonly after: number;
  /** Distance in standard deviations of the samples around their level; at most 1,000. */
  readonly size: number;
}

/** Least size of a reported change; the limit is below 2 so that shifts by two standard deviations of the samples are reported. */
export const LEAST_SIZE = 1.8;
