import { rarityOf } from "@mapek/core/anomaly-words";
import type {
  Action,
  Anomaly,
  Parameters,
  Recommendation,
  Threshold,
  Transition,
} from "@mapek/core/contract";
import { PARAMETER_NAMES, seriesKey } from "@mapek/core/contract";
import { thresholdAt } from "@mapek/core/curve";
import type { Effect } from "@mapek/runtime/replay";

/** A value with the stored settings (`before`) and with the changed ones (`after`); null where there is none. */
export interface Pair {
  readonly name: string;
  readonly before: number | string | null;
  readonly after: number | string | null;
}

/** Items that exist only with the stored settings, and only with the changed ones. */
export interface Sides<T> {
  /** Number of all items with the stored settings and with the changed ones. */
  readonly before: number;
  readonly after: number;
  readonly only_before: readonly T[];
  readonly only_after: readonly T[];
}

/** An alarm: one incident of a series. */
interface Alarm {
  readonly series: string;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly peak_value: number;
  readonly peak_score: number;
  /** Largest surprise at the peak; null where the incident has none. */
  readonly surprise: number | null;
}

/** The effect of changed settings. Thresholds and parameters are compared as of the end of the window. */
export interface WhatIf {
  readonly recommendations: readonly Pair[];
  readonly thresholds: readonly Pair[];
  readonly alarms: Sides<Alarm>;
  readonly parameters: readonly Pair[];
  readonly transitions: Sides<Pick<Transition, "system" | "from" | "to" | "reason" | "timestamp">>;
  readonly actions: Sides<
    Pick<Action, "system" | "loop" | "status" | "target" | "from" | "to" | "reason" | "timestamp">
  >;
}

/** Compares the public outputs of two replays of the same inputs. */
export function whatIf(then: readonly Effect[], now: readonly Effect[]): WhatIf {
  const before = grouped(then);
  const after = grouped(now);
  // The two replays draw curves at different times, so thresholds are compared at one time: the newest of both.
  const end = [...before.thresholds, ...after.thresholds].reduce(
    (newest, { timestamp }) => Math.max(newest, timestamp),
    0,
  );
  const ofSeries = ({ system, metric, labels, side }: Threshold | Recommendation) =>
    seriesKey(system, metric, labels) + (side === "lower" ? " (lower)" : "");
  return {
    recommendations: pairs(
      last(before.recommendations, ofSeries, (it) => it.recommended_value),
      last(after.recommendations, ofSeries, (it) => it.recommended_value),
    ),
    thresholds: pairs(
      last(before.thresholds, ofSeries, (it) => thresholdAt(it, end)),
      last(after.thresholds, ofSeries, (it) => thresholdAt(it, end)),
    ),
    alarms: alarmSides(alarmsOf(before.anomalies), alarmsOf(after.anomalies)),
    parameters: pairs(parametersOf(before.parameters), parametersOf(after.parameters)),
    transitions: sides(
      before.transitions,
      after.transitions,
      ({ system, from, to, timestamp }) => JSON.stringify([system, from, to, timestamp]),
      ({ system, from, to, reason, timestamp }) => ({ system, from, to, reason, timestamp }),
    ),
    actions: sides(
      before.actions,
      after.actions,
      ({ system, loop, status, target, from, to, signal_id }) =>
        JSON.stringify([system, loop, status, target, from, to, signal_id]),
      ({ system, loop, status, target, from, to, reason, timestamp }) => ({
        system,
        loop,
        status,
        target,
        from,
        to,
        reason,
        timestamp,
      }),
    ),
  };
}

interface Grouped {
  readonly recommendations: Recommendation[];
  readonly thresholds: Threshold[];
  readonly anomalies: Anomaly[];
  readonly parameters: Parameters[];
  readonly transitions: Transition[];
  readonly actions: Action[];
}

const utf8 = new TextDecoder();

function grouped(effects: readonly Effect[]): Grouped {
  const groups: Grouped = {
    recommendations: [],
    thresholds: [],
    anomalies: [],
    parameters: [],
    transitions: [],
    actions: [],
  };
  for (const { subject, data } of effects) {
    const family = Object.keys(groups).find((name) => subject.includes(`.log.${name}.`));
    if (family !== undefined) groups[family as keyof Grouped].push(JSON.parse(utf8.decode(data)));
  }
  return groups;
}

function last<T>(
  messages: readonly T[],
  nameOf: (message: T) => string,
  read: (message: T) => number | string,
): Map<string, number | string> {
  return new Map(messages.map((message) => [nameOf(message), read(message)]));
}

function parametersOf(messages: readonly Parameters[]): Map<string, number | string> {
  const values = new Map<string, number | string>();
  for (const message of messages)
    for (const name of ["state", ...PARAMETER_NAMES] as const)
      values.set(`${message.system} ${name}`, message[name]);
  return values;
}

/** Names with different values, sorted. */
function pairs(
  was: ReadonlyMap<string, number | string>,
  is: ReadonlyMap<string, number | string>,
): Pair[] {
  return [...new Set([...was.keys(), ...is.keys()])]
    .sort()
    .map((name) => ({ name, before: was.get(name) ?? null, after: is.get(name) ?? null }))
    .filter(({ before, after }) => before !== after);
}

function alarmsOf(messages: readonly Anomaly[]): Alarm[] {
  const alarms = new Map<string, Alarm>();
  for (const { anomaly_id, system, metric, labels, ...it } of messages)
    alarms.set(anomaly_id, {
      series: seriesKey(system, metric, labels),
      opened_at: it.opened_at,
      closed_at: it.closed_at,
      peak_value: it.peak_value,
      peak_score: it.peak_score,
      surprise: rarityOf(it) ?? null,
    });
  return [...alarms.values()];
}

/** Compares alarms. Two alarms of a series that overlap in time count as the same, since they may open or close a little sooner. */
function alarmSides(before: readonly Alarm[], after: readonly Alarm[]): Sides<Alarm> {
  const without = (some: readonly Alarm[], others: readonly Alarm[]) =>
    some.filter((alarm) => !others.some((other) => overlap(alarm, other)));
  return {
    before: before.length,
    after: after.length,
    only_before: without(before, after),
    only_after: without(after, before),
  };
}

const overlap = (a: Alarm, b: Alarm): boolean =>
  a.series === b.series &&
  a.opened_at <= (b.closed_at ?? Number.POSITIVE_INFINITY) &&
  b.opened_at <= (a.closed_at ?? Number.POSITIVE_INFINITY);

function sides<T, Shown>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (message: T) => string,
  show: (message: T) => Shown,
): Sides<Shown> {
  const without = (some: readonly T[], others: readonly T[]) => {
    const left = new Map<string, number>();
    for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1);
    return some
      .filter((message) => {
        const count = left.get(keyOf(message)) ?? 0;
        left.set(keyOf(message), count - 1);
        return count <= 0;
      })
      .map(show);
  };
  return {
    before: before.length,
    after: after.length,
    only_before: without(before, after),
    only_after: without(after, before),
  };
}
