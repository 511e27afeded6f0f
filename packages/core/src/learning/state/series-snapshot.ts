import { type ChangeDetectorSnapshot, StatsError } from "../../statistics/index.ts";
import type { RecommendationMade } from "../events.ts";
import type { Ranges } from "../judge/incident-ranges.ts";
import type { AnyJudgeSnapshot } from "../judge/old-judge.ts";
import type { JudgeSnapshot } from "../judge/series-judge.ts";
import type { SensitivitySnapshot } from "../judge/series-sensitivity.ts";
import type { LastChange } from "../lasting-changes.ts";
import type { ExcludedRange } from "../rules/excluded-ranges.ts";
import type { SideSnapshot } from "../thresholds/side-threshold.ts";
import type { SampleCounts } from "./sample-counts.ts";
import type { Stored } from "./stored-columns.ts";

/** Schema number of a series' state. */
export const SCHEMA = 8;
/** Oldest schema that this reader restores; fields that an old schema lacks are created anew. */
const OLDEST_SCHEMA = 5;

/** Everything that a series knows, without caches; plain data, which MessagePack may carry. */
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

/** State of a series of an older schema. */
export type OldSeriesSnapshot = Omit<SeriesSnapshot, "schema" | "judge"> & {
  readonly schema: number;
  readonly judge: AnyJudgeSnapshot;
};

/** @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT for a schema that this reader does not know. */
export function requireKnownSchema({ schema }: SeriesSnapshot | OldSeriesSnapshot): void {
  if (schema >= OLDEST_SCHEMA && schema <= SCHEMA) return;
  throw new StatsError(
    "MAPEK_STATS_BAD_SNAPSHOT",
    `series state has schema ${schema}, this reader knows ${OLDEST_SCHEMA} to ${SCHEMA}`,
  );
}
