import { seriesKey } from "../subjects/series.ts";
import { rarityOf } from "../text/anomaly-words.ts";
import type { Anomaly } from "./anomaly.ts";

/** Incidents of a group open at most this long after one another, or two usual intervals of the series where that is longer. */
export const LEAST_GROUP_GAP_MS = 600_000;
const GAP_INTERVALS = 2;

/** Longest time (ms) from one opening to the next of a group. @param intervalMs Usual time between samples, 0 where unknown. */
export const groupGapMs = (intervalMs: number): number =>
  Math.max(LEAST_GROUP_GAP_MS, GAP_INTERVALS * intervalMs);

/** The id of a group: its system, and the time at which its first incident opened. */
export const groupId = (system: string, openedAt: number): string => `${system}@${openedAt}`;

/** The time (ms) at which a group began, read from its id; undefined where the text is no id of a group. */
export function groupBeganAt(id: string): number | undefined {
  const text = id.slice(id.lastIndexOf("@") + 1);
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** The fields that decide an incident's group and its place in the group. */
export type Groupable = Pick<Anomaly, "system" | "metric" | "labels" | "opened_at"> &
  Partial<Pick<Anomaly, "group" | "families" | "surprises">> & {
    /** Usual time between the samples of the series, ms, where it is known. */
    readonly intervalMs?: number | undefined;
  };

/** Incidents of one system that began together. */
export interface AnomalyGroup<Incident extends Groupable> {
  /** `<system>@<time at which the first incident opened>`. */
  readonly id: string;
  readonly system: string;
  /** The time (ms) at which the first incident opened, even where that incident is closed by now. */
  readonly openedAt: number;
  /** Incidents by their opening; among incidents with the same opening the rarest comes first. Never empty. */
  readonly incidents: readonly Incident[];
  /** The incident with the largest surprise; undefined where no incident has surprises. */
  readonly rarest: Incident | undefined;
}

/**
 * Merges groups of different partitions: a partition of the learner groups only its own series, so groups of one system whose
 * openings follow one another within the gap become one group.
 *
 * @param incidents In any order, of any systems; one entry an incident.
 * @returns Groups ordered by system, then by beginning; the same for any order of the incidents. Cost: O(n log n).
 */
export function anomalyGroups<Incident extends Groupable>(
  incidents: readonly Incident[],
): AnomalyGroup<Incident>[] {
  return runsOf(incidents)
    .sort((a, b) => compare(a.system, b.system) || a.from - b.from)
    .reduce<Run<Incident>[]>(joined, [])
    .map(groupOf);
}

/** Incidents that belong together, and the range of their openings. */
interface Run<Incident> {
  readonly system: string;
  from: number;
  to: number;
  /** Longest time (ms) from the last opening to another opening of the same group. */
  gapMs: number;
  readonly incidents: Incident[];
}

/** One run for each group of a partition and for each incident without a group. Ids of groups begin with the system. */
function runsOf<Incident extends Groupable>(incidents: readonly Incident[]): Run<Incident>[] {
  const runs = new Map<string | Incident, Run<Incident>>();
  for (const incident of incidents) {
    const { system, opened_at, group, intervalMs = 0 } = incident;
    const id = group ?? incident;
    const began = Math.min(opened_at, (group && groupBeganAt(group)) || opened_at);
    const run = runs.get(id) ?? { system, from: began, to: opened_at, gapMs: 0, incidents: [] };
    run.from = Math.min(run.from, began);
    run.to = Math.max(run.to, opened_at);
    run.gapMs = Math.max(run.gapMs, groupGapMs(intervalMs));
    run.incidents.push(incident);
    runs.set(id, run);
  }
  return [...runs.values()];
}

function joined<Incident>(runs: Run<Incident>[], next: Run<Incident>): Run<Incident>[] {
  const last = runs.at(-1);
  if (
    last === undefined ||
    last.system !== next.system ||
    next.from - last.to > Math.max(last.gapMs, next.gapMs)
  )
    runs.push(next);
  else {
    last.to = Math.max(last.to, next.to);
    last.gapMs = Math.max(last.gapMs, next.gapMs);
    last.incidents.push(...next.incidents);
  }
  return runs;
}

function groupOf<Incident extends Groupable>({
  system,
  from,
  incidents,
}: Run<Incident>): AnomalyGroup<Incident> {
  const ranked = incidents.sort(
    (a, b) => a.opened_at - b.opened_at || rarity(b) - rarity(a) || compare(keyOf(a), keyOf(b)),
  );
  const rarest = ranked.reduce((best, one) => (rarity(one) > rarity(best) ? one : best));
  return {
    id: groupId(system, from),
    system,
    openedAt: from,
    incidents: ranked,
    rarest: rarity(rarest) >= 0 ? rarest : undefined,
  };
}

const rarity = (incident: Groupable): number => rarityOf(incident) ?? -1;
const keyOf = ({ system, metric, labels }: Groupable): string => seriesKey(system, metric, labels);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
