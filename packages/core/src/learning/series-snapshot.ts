import type { AdaptiveQuantileSnapshot } from "../stats/index.ts";
import type { Optimisation, ThresholdInForce } from "./events.ts";
import type { ExcludedRange } from "./excluded-ranges.ts";
import type { JudgeSnapshot } from "./series-judge.ts";
import type { ThresholdPromiseSnapshot } from "./threshold-promise.ts";

/** Schema number of a series' state. */
export const SCHEMA = 2;

/** Samples of a series by what became of them. */
export interface SampleCounts {
  points: number;
  duplicates: number;
  late: number;
  outside: number;
  excluded: number;
}

/** Everything that a series knows; plain data, which MessagePack may carry. Caches are not part of it. */
export interface SeriesSnapshot {
  readonly schema: typeof SCHEMA;
  readonly counts: SampleCounts;
  readonly frozen: boolean;
  readonly threshold: ThresholdInForce | null;
  readonly optimisations: readonly Optimisation[];
  readonly excluded: readonly ExcludedRange[];
  readonly sensitivityFactor: number;
  readonly window: Uint8Array;
  readonly judge: JudgeSnapshot;
  readonly adaptive: AdaptiveQuantileSnapshot;
  readonly promise: ThresholdPromiseSnapshot;
}
