import { type AnomalyGroup, anomalyGroups, type Labels } from "@mapek/core/messages";
import type { OpenAnomaly, SeriesState } from "./service-requests.ts";

/** An anomaly that is open, with the series that it is of. */
export interface GroupedAnomaly extends OpenAnomaly {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly intervalMs?: number | undefined;
}

/**
 * The open anomalies of series as the matters that they are: those of one system that began together are one group, of whatever partition.
 *
 * @returns Ordered by system, then by when they began; of each group who began first comes first.
 */
export const openGroups = (series: readonly SeriesState[]): AnomalyGroup<GroupedAnomaly>[] =>
  anomalyGroups(
    series.flatMap(({ system, metric, labels, interval_ms, open_anomaly }) =>
      open_anomaly === null
        ? []
        : [{ ...open_anomaly, system, metric, labels, intervalMs: interval_ms ?? undefined }],
    ),
  );
