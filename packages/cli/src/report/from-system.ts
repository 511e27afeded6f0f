import type { MapekClient } from "@mapek/client";
import type {
  Anomaly,
  Change,
  Labels,
  OutputEvent,
  SeriesExport,
  Threshold,
} from "@mapek/core/contract";
import { CliError } from "../errors.ts";
import { showSeries } from "../output/output.ts";
import type {
  Report,
  ReportedAnomaly,
  ReportedRecommendation,
  ReportedSeries,
} from "./report-data.ts";

/** Limit of thresholds, and of other outputs, in a report; the newest are used. */
const MOST_EVENTS = 2_000;

/**
 * A report of a metric from the learner: the samples of its window, statistics and recommendation, and its outputs.
 *
 * @param labels Labels of one series; undefined: every series of the metric.
 * @throws {CliError} MAPEK_CLI_UNAVAILABLE where there is no such series. Errors of the client's requests pass through.
 */
export async function reportOfSystem(
  client: MapekClient,
  system: string,
  metric: string,
  labels: Labels | undefined,
): Promise<Report> {
  const narrow = { metric, ...(labels !== undefined && { labels }) };
  const exports = await client.exportMetrics(system, narrow);
  if (exports.length === 0)
    throw new CliError("MAPEK_CLI_UNAVAILABLE", `the learner has no series ${system}/${metric}`);
  const series: ReportedSeries[] = [];
  for (const one of exports) series.push(await reported(client, system, one));
  return {
    title: `${system} ${metric}`,
    source: `system ${system}`,
    madeAt: Date.now(),
    series,
  };
}

async function reported(
  client: MapekClient,
  system: string,
  { metric, labels, timestamps, values }: SeriesExport,
): Promise<ReportedSeries> {
  const series = { metric, labels };
  const told = (...families: ("thresholds" | "anomalies" | "changes")[]) =>
    client.events({ service: "learner", system, ...series, families, limit: MOST_EVENTS });
  const [[statistics], [recommendations], thresholds, events] = await Promise.all([
    client.statistics(system, series) as Promise<Pick<ReportedSeries, "statistics" | "trend">[]>,
    client.recommendations(system, series) as Promise<
      { recommendation: ReportedRecommendation | null }[]
    >,
    // A request of their own: thresholds are redrawn many times a day and would crowd out the other outputs.
    told("thresholds"),
    told("anomalies", "changes"),
  ]);
  const from = timestamps[0] ?? 0;
  return {
    name: showSeries(metric, labels),
    times: timestamps,
    values,
    statistics: statistics?.statistics ?? null,
    trend: statistics?.trend ?? { direction: "unknown", slope_per_hour: 0 },
    recommendation: recommendations?.recommendation ?? null,
    thresholds: of<Threshold>(thresholds, "thresholds").map((one) => ({
      ...one,
      side: one.side ?? "upper",
    })),
    anomalies: anomaliesOf(of<Anomaly>(events, "anomalies")).filter(
      ({ closed_at }) => closed_at === null || closed_at >= from,
    ),
    changes: of<Change>(events, "changes").filter(({ since }) => since >= from),
  };
}

const of = <T>(events: readonly OutputEvent[], family: string): T[] =>
  events.filter((event) => event.family === family).map(({ message }) => message as T);

/** The newest message of each incident. */
function anomaliesOf(messages: readonly Anomaly[]): ReportedAnomaly[] {
  return [...new Map(messages.map((message) => [message.anomaly_id, message])).values()];
}
