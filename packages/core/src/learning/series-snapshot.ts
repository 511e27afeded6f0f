import type { Change, ChangeDetectorSnapshot } from "../stats/index.ts";
import type { RecommendationMade } from "./events.ts";
import type { ExcludedRange } from "./excluded-ranges.ts";
import type { Ranges } from "./incident-ranges.ts";
import type { JudgeSnapshot } from "./series-judge.ts";
import type { SensitivitySnapshot } from "./series-sensitivity.ts";
import type { SideSnapshot } from "./side-threshold.ts";
import type { Stored } from "./stored-columns.ts";

/** Schema number of a series' state. */
export const SCHEMA = 8;
/** Since this one a reader knows it: what it lacks is made anew. */
export const OLDEST_SCHEMA = 5;

/** Samples of a series by what became of them. */
export interface SampleCounts {
  points: number;
  duplicates: number;
  late: number;
  outside: number;
  /** Older than the newest: in the window, not judged and not learned from online. */
  untaught: number;
  excluded: number;
  /** Judged, not learned from. */
  frozen: number;
}

/** The newest lasting change of a series' level. */
export interface LastChange extends Pick<Change, "kind" | "since" | "before" | "after"> {
  /** Event time at which it was told, ms. */
  readonly found_at: number;
}

/** Everything that a series knows; plain data, which MessagePack may carry. Caches are not part of it. */
export interface SeriesSnapshot {
  readonly schema: typeof SCHEMA;
  readonly counts: SampleCounts;
  readonly frozen: boolean;
  readonly optimisations: readonly RecommendationMade[];
  readonly excluded: readonly ExcludedRange[];
  readonly sensitivity: SensitivitySnapshot;
  readonly lastChange: LastChange | null;
  readonly learnsFrom: number;
  readonly dueAt: number;
  readonly dueCount: number;
  readonly stride: number;
  readonly passedOver: number;
  readonly window: Uint8Array;
  readonly judge: JudgeSnapshot;
  readonly sides: readonly SideSnapshot[];
  readonly changes: Stored<ChangeDetectorSnapshot> | null;
  readonly incidents: Ranges;
}
