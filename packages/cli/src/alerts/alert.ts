import {
  type Anomaly,
  type AnomalyGroup,
  addPrometheusLabel,
  describeAnomaly,
  describeGroup,
} from "@mapek/core/contract";
import { showSeries } from "../output/output.ts";

/** An alert of Alertmanager's API v2. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly endsAt: string;
}

/** The fields of an anomaly that an alert uses. */
export type Incident = Pick<
  Anomaly,
  | "system"
  | "metric"
  | "labels"
  | "direction"
  | "opened_at"
  | "peak_value"
  | "expected_low"
  | "expected_high"
  | "families"
> &
  Partial<Pick<Anomaly, "expected" | "surprises" | "ending" | "group">>;

/** Value of the label `alertname` of all alerts; no label of a series may have a reserved name. */
const ALERT_NAME = "MapekAnomaly";
const RESERVED = new Set(["alertname"]);

/**
 * An incident as an alert. Its labels are those of the series, overridden by `added`.
 *
 * @param endsAt Unix ms of the end; for an open incident, the time until which the alert holds without a resend.
 * @param group Incidents that opened together, this one included. The group stands in annotations and not in labels,
 * because the group changes, and Alertmanager takes an alert with other labels for another alert.
 */
export function alertOf(
  incident: Incident,
  endsAt: number,
  added: Readonly<Record<string, string>>,
  group?: AnomalyGroup<Incident>,
): Alert {
  const { system, metric, labels, opened_at } = incident;
  const own: Record<string, string> = { alertname: ALERT_NAME, system, metric };
  for (const [name, value] of Object.entries(labels))
    addPrometheusLabel(own, name, value, RESERVED);
  return {
    labels: { ...own, ...added },
    annotations: {
      summary: `${system}/${showSeries(metric, labels)} ${unusual(incident)}`,
      description: describeAnomaly(incident),
      ...groupOf(incident, group),
    },
    startsAt: new Date(opened_at).toISOString(),
    // Alertmanager refuses an alert that ends before it starts.
    endsAt: new Date(Math.max(endsAt, opened_at + 1)).toISOString(),
  };
}

const unusual = ({ direction }: Incident): string =>
  direction === "within" ? "behaves unusually" : `is ${direction} its usual range`;

function groupOf(
  incident: Incident,
  group: AnomalyGroup<Incident> | undefined,
): Record<string, string> {
  const id = group?.id ?? incident.group;
  return {
    ...(id !== undefined && { group: id }),
    ...(group !== undefined &&
      group.incidents.length > 1 && { group_summary: describeGroup(group, group.openedAt) }),
  };
}
