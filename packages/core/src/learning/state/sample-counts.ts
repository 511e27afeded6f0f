/** Numbers of a series' samples that were not learned from, by reason. */
export interface UnlearnedCounts {
  duplicates: number;
  late: number;
  outside: number;
  /** Older than the newest sample on arrival: in the window, not judged and not learned online. */
  untaught: number;
  excluded: number;
  /** Judged, not learned from. */
  frozen: number;
}

/** Numbers of a series' samples, by how each was handled; `points` entered the window. */
export interface SampleCounts extends UnlearnedCounts {
  points: number;
}

const NONE: Readonly<UnlearnedCounts> = {
  duplicates: 0,
  late: 0,
  outside: 0,
  untaught: 0,
  excluded: 0,
  frozen: 0,
};

/** New counts for a series, created with the first sample that is not learned from. */
export const noneUnlearned = (): UnlearnedCounts => ({ ...NONE });

/** Number of samples that were duplicates, too late or outside of the window. */
export const droppedOf = (unlearned: UnlearnedCounts = NONE): number =>
  unlearned.duplicates + unlearned.late + unlearned.outside;

/** Copies the current counts into a new object. */
export const countsOf = (points: number, unlearned: UnlearnedCounts = NONE): SampleCounts => ({
  points,
  ...unlearned,
});

/** Counts of a snapshot; undefined where every sample was learned from, so that most series need no object for these counts. */
export function unlearnedOf({
  points: _,
  ...unlearned
}: SampleCounts): UnlearnedCounts | undefined {
  return Object.values(unlearned).some((count) => count > 0)
    ? { ...NONE, ...unlearned }
    : undefined;
}
