/** Samples of a series that were not learned from, by why. */
export interface UnlearnedCounts {
  duplicates: number;
  late: number;
  outside: number;
  /** Older than the newest: in the window, not judged and not learned from online. */
  untaught: number;
  excluded: number;
  /** Judged, not learned from. */
  frozen: number;
}

/** Samples of a series by what became of them; `points` entered the window. */
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

/** Counts of its own for a series whose first sample was not learned from. */
export const noneUnlearned = (): UnlearnedCounts => ({ ...NONE });

/** Samples that were duplicates, too late or outside of the window. */
export const droppedOf = (unlearned: UnlearnedCounts = NONE): number =>
  unlearned.duplicates + unlearned.late + unlearned.outside;

/** All counts as of now, in an object of their own. */
export const countsOf = (points: number, unlearned: UnlearnedCounts = NONE): SampleCounts => ({
  points,
  ...unlearned,
});

/** `unlearnedOf` a snapshot is undefined where every sample was learned from: most series need no object for it. */
export function unlearnedOf({
  points: _,
  ...unlearned
}: SampleCounts): UnlearnedCounts | undefined {
  return Object.values(unlearned).some((count) => count > 0)
    ? { ...NONE, ...unlearned }
    : undefined;
}
