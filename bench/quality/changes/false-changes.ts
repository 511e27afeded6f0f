import { type Change, ChangeDetector } from "@mapek/core/statistics";
import { type Labelled, labelledNames, labelledSeries } from "../labelled.ts";

/** As the learner: the first samples are not looked at. */
const FIRST_CHANGE = 64;
/** A change is near an event that lies within this of the time since which it is told. */
const NEAR_MS = 2 * 3_600_000;
const NEAR_SAMPLES = 3;
const DAY_MS = 86_400_000;

interface Told extends Change {
  readonly foundAt: number;
  /** Whether an event is within it or near its beginning. */
  readonly isNear: boolean;
}

export interface SeriesChanges {
  readonly name: string;
  readonly days: number;
  readonly changes: readonly Told[];
}

/** What the detector tells of each series of a corpus. */
export function changesOfCorpus(corpus: string): SeriesChanges[] {
  return labelledNames(corpus).map((name) => changesOfSeries(labelledSeries(corpus, name)));
}

function changesOfSeries({ name, times, values, events }: Labelled): SeriesChanges {
  const detector = new ChangeDetector();
  const changes: Told[] = [];
  const days = (times[times.length - 1]! - times[0]!) / DAY_MS;
  const near = Math.max(NEAR_MS, (NEAR_SAMPLES * days * DAY_MS) / times.length);
  for (let i = FIRST_CHANGE; i < times.length; i++) {
    const [time, value] = [times[i]!, values[i]!];
    if (!Number.isFinite(value)) continue;
    const change = detector.update(time, time, value);
    if (change === undefined) continue;
    const isNear = events.some(
      ([first, last]) => first <= change.since + near && last >= change.since - near,
    );
    changes.push({ ...change, foundAt: time, isNear });
  }
  return { name, days, changes };
}

/** How unlike chance counts are that should all be the same: Pearson's χ² as a normal deviate. */
export function unevenness(counts: readonly number[]): number {
  const mean = counts.reduce((sum, x) => sum + x, 0) / counts.length;
  if (mean === 0) return 0;
  const chi = counts.reduce((sum, x) => sum + (x - mean) ** 2 / mean, 0);
  const free = counts.length - 1;
  // Wilson and Hilferty (1931).
  return ((chi / free) ** (1 / 3) - (1 - 2 / (9 * free))) / Math.sqrt(2 / (9 * free));
}
