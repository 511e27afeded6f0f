import {
  type Anomaly,
  type AnomalyGroup,
  addPrometheusLabel,
  describeAnomaly,
  describeGroup,
} from "@mapek/core/messages";
import { showSeries } from "../output/output.ts";

/** An alert of Alertmanager's API v2. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly endsAt: string;
}

/** What an alert says of an incident. */
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

/** What alerts of mapek are told from others by; labels of a series may not have these names. */
const ALERT_NAME = "MapekAnomaly";
const RESERVED = new Set(["alertname"]);

/**
 * An incident as an alert: its labels are the series and those `added`, which win.
 *
 * @param group What began together with it in its system, itself included. Annotations tell of it and no label: what is open in the
 * group changes, and an alert with other labels is another alert.
 * @param endsAt Unix ms at which it ends, or until which it holds if nobody says that it is still open.
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
    // An alert that ends before it starts is refused.
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
