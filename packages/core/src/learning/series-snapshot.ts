import {
  AdaptiveQuantile,
  type AdaptiveQuantileSnapshot,
  AnomalyDetector,
  type AnomalyDetectorSnapshot,
  IncidentTracker,
  type IncidentTrackerSnapshot,
  SampleWindow,
  StatsError,
} from "../stats/index.ts";
import type { Optimisation, ThresholdInForce } from "./events.ts";
import type { ExcludedRange } from "./excluded-ranges.ts";
import type { SeriesLearner } from "./series-learner.ts";
import { loadColumns, type Stored, storeColumns } from "./stored-columns.ts";
import { ThresholdPromise, type ThresholdPromiseSnapshot } from "./threshold-promise.ts";

/** How samples become incidents; the same for every series. */
export const incidentOptions = {} as const;

/** Schema number of a series' state. */
const SCHEMA = 1;

/** Everything that a series knows; plain data, which MessagePack may carry. Caches are not part of it. */
export interface SeriesSnapshot {
  readonly schema: typeof SCHEMA;
  readonly counts: SeriesLearner["counts"];
  readonly lastValue: number;
  readonly frozen: boolean;
  readonly threshold: ThresholdInForce | null;
  readonly optimisations: readonly Optimisation[];
  readonly excluded: readonly ExcludedRange[];
  readonly sensitivityFactor: number;
  readonly intervalMs: number;
  readonly lastJudgedAt: number;
  readonly incidentSamples: number;
  readonly window: Uint8Array;
  readonly detector: Stored<AnomalyDetectorSnapshot>;
  readonly incidents: IncidentTrackerSnapshot;
  readonly adaptive: AdaptiveQuantileSnapshot;
  readonly promise: ThresholdPromiseSnapshot;
}

export function snapshotOf(learner: SeriesLearner): SeriesSnapshot {
  return {
    schema: SCHEMA,
    counts: { ...learner.counts },
    lastValue: learner.lastValue,
    frozen: learner.frozen,
    threshold: learner.threshold,
    optimisations: [...learner.optimisations],
    excluded: learner.excluded,
    sensitivityFactor: learner.sensitivityFactor,
    intervalMs: learner.intervalMs,
    lastJudgedAt: learner.lastJudgedAt,
    incidentSamples: learner.incidentSamples,
    window: learner.window.snapshot(),
    detector: storeColumns(learner.detector.snapshot()),
    incidents: learner.incidents.snapshot(),
    adaptive: learner.adaptive.snapshot(),
    promise: learner.promise.snapshot(),
  };
}

/** Puts a snapshot's content into a fresh learner. @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT */
export function restoreParts(learner: SeriesLearner, snapshot: SeriesSnapshot): void {
  if (snapshot.schema !== SCHEMA)
    throw new StatsError(
      "MAPEK_STATS_BAD_SNAPSHOT",
      `series state has schema ${String(snapshot.schema)}, this reader knows ${SCHEMA}`,
    );
  Object.assign(learner.counts, snapshot.counts);
  learner.lastValue = snapshot.lastValue;
  learner.frozen = snapshot.frozen;
  learner.threshold = snapshot.threshold;
  learner.optimisations = [...snapshot.optimisations];
  learner.excluded = snapshot.excluded;
  learner.sensitivityFactor = snapshot.sensitivityFactor;
  learner.intervalMs = snapshot.intervalMs;
  learner.lastJudgedAt = snapshot.lastJudgedAt;
  learner.incidentSamples = snapshot.incidentSamples;
  learner.window = SampleWindow.restore(snapshot.window);
  learner.detector = AnomalyDetector.restore(
    loadColumns<AnomalyDetectorSnapshot>(snapshot.detector),
  );
  learner.incidents = IncidentTracker.restore(snapshot.incidents, incidentOptions);
  learner.adaptive = AdaptiveQuantile.restore(snapshot.adaptive);
  learner.promise = ThresholdPromise.restore(snapshot.promise);
}
