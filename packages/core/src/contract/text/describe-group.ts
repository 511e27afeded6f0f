import type { AnomalyGroup, Groupable } from "../outputs/anomaly-groups.ts";
import { rarityOf, rarityText } from "./anomaly-words.ts";
import { showSeries } from "./show-series.ts";
import { showTime } from "./show-time.ts";

/**
 * A group of open anomalies in one line: "checkout: 37 anomalies since 10:04, first cpu{host="a"}, rarest latency_ms: one hour of 3,000".
 *
 * @param now Current time, ms: a group of the current day is shown without a date. Times are UTC.
 */
export function describeGroup(
  { system, openedAt, incidents, rarest }: AnomalyGroup<Groupable>,
  now: number,
): string {
  const [first] = incidents;
  const many = incidents.length > 1;
  const head = `${system}: ${incidents.length} ${many ? "anomalies" : "anomaly"} since ${minuteOf(openedAt, now)}`;
  if (first === undefined) return head;
  // The incident that began the group may be closed.
  const place = first.opened_at > openedAt ? "first of those still open" : "first";
  const rarity = rarest === undefined ? undefined : rarityText(rarityOf(rarest) ?? 0);
  if (!many) return `${head}, ${nameOf(first)}${rarity === undefined ? "" : `: ${rarity}`}`;
  return `${head}, ${place} ${nameOf(first)}${rarest === undefined ? "" : `, rarest ${nameOf(rarest)}: ${rarity}`}`;
}

const nameOf = ({ metric, labels }: Groupable): string => showSeries(metric, labels);

function minuteOf(ms: number, now: number): string {
  const [day, minute] = showTime(ms).slice(0, "YYYY-MM-DD HH:MM".length).split(" ");
  return showTime(now).startsWith(`${day} `) ? `${minute}` : `${day} ${minute}`;
}
