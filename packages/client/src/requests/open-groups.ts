import { type AnomalyGroup, anomalyGroups, type Labels } from "@mapek/core/contract";
import type { OpenAnomaly, SeriesState } from "./service-requests.ts";

/** An open anomaly and its series. */
export interface GroupedAnomaly extends OpenAnomaly {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly intervalMs?: number | undefined;
}

/**
 * Groups the open anomalies of series: those of one system that began together are one group, whatever partition they
 * are in.
 *
 * @returns Ordered by system, then by when they began; in a group the first to begin comes first.
 */
export const openGroups = (series: readonly SeriesState[]): AnomalyGroup<GroupedAnomaly>[] =>
  anomalyGroups(
    series.flatMap(({ system, metric, labels, interval_ms, open_anomaly }) =>
      open_anomaly === null
        ? []
        : [{ ...open_anomaly, system, metric, labels, intervalMs: interval_ms ?? undefined }],
    ),
  );
