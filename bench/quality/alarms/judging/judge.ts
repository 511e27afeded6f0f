import { type JudgedSeries, judgedDays } from "./judged-series.ts";

/** Rows at which an incident opened and closed. */
export interface IncidentRows {
  readonly opened: number;
  readonly closed: number;
}

/** What the incidents of one series are worth. */
export interface Verdict {
  readonly events: number;
  readonly told: number;
  readonly incidents: number;
  readonly falseOnes: number;
  /** Rows from the beginning of each told event to the first incident that tells it, from 0. */
  readonly delays: readonly number[];
  readonly days: number;
}

/**
 * Holds incidents against the labels of a series, by its corpus' rules. An incident that opened before the judged part does
 * not count. One tells an event that it overlaps, or that ended no more than the tolerance before it opened; it is
 * false when no event lies near it.
 */
export function judge(series: JudgedSeries, all: readonly IncidentRows[]): Verdict {
  const { events, from, rules } = series;
  const incidents = all
    .filter(({ opened }) => opened >= from)
    .map(({ opened, closed }) => ({ opened, end: rules.openTells ? closed : opened }));
  const delays: number[] = [];
  for (const [first, last] of events) {
    const telling = incidents.filter(
      ({ opened, end }) => opened <= last + rules.lateRows && end >= first,
    );
    if (telling.length === 0) continue;
    const earliest = telling.reduce((a, { opened }) => Math.min(a, opened), Number.MAX_VALUE);
    delays.push(Math.max(0, earliest - first));
  }
  const falseOnes = incidents.filter(
    ({ opened, end }) =>
      !events.some(
        ([first, last]) => opened <= last + rules.afterRows && end >= first - rules.beforeRows,
      ),
  );
  return {
    events: events.length,
    told: delays.length,
    incidents: incidents.length,
    falseOnes: falseOnes.length,
    delays,
    days: judgedDays(series),
  };
}
