import {
  decodeMsgpack,
  encodeMsgpack,
  type LearnerSettings,
  parseSeriesKey,
} from "@mapek/core/contract";
import { SeriesLearner, type SeriesSnapshot } from "@mapek/core/learning";
import type { GroupsAtEnd, GroupsSnapshot } from "./series/open-groups.ts";
import { Series } from "./series/series.ts";
import { addSeries, forgetSeries } from "./series/series-table.ts";
import { configure, type LearnerState, type SystemRules } from "./state.ts";

/** Schema number of a partition's saved state. */
export const SCHEMA = 2;

type SharedPart = [
  key: null,
  settings: LearnerSettings | null,
  counts: [sweep: number, sweptAt: number, closed: boolean, expired: number],
  systems: [string, SystemRules][],
  done: string[],
  groups: GroupsSnapshot,
];
type SeriesPart = [
  key: string,
  snapshot: SeriesSnapshot,
  seen: number,
  hearing: Hearing,
  group: string | null,
];
/** The last part of a snapshot; present only where incidents opened while the other parts were taken. */
type GroupsPart = [key: false, groups: GroupsAtEnd];
/** The fields of a series that decide whether it is stale. */
type Hearing = [
  heardAt: number,
  checkAt: number | null,
  checkedAt: number | null,
  heardSinceCheck: boolean,
  staleSince: number | null,
];

/**
 * The state in parts: first the state shared by all series, then one part per series, then the groups that incidents
 * joined meanwhile. Inputs may be folded between two parts. Cost of a part: O(samples of the series).
 */
export function* snapshot(state: LearnerState): Generator<Uint8Array> {
  const systems = [...state.systems].sort(([a], [b]) => (a < b ? -1 : 1));
  const { configured, sweep, sweptAt, closed, expired, done, groups } = state;
  const counts: SharedPart[2] = [sweep, sweptAt, closed, expired];
  const shared: SharedPart = [
    null,
    configured ?? null,
    counts,
    systems,
    [...done],
    groups.snapshot(),
  ];
  groups.beginNotes();
  try {
    yield encodeMsgpack(shared);
    for (const series of state.series.values()) yield encodeMsgpack(seriesPart(series));
    const atEnd = groups.endNotes();
    if (atEnd !== undefined) yield encodeMsgpack([false, atEnd] satisfies GroupsPart);
  } finally {
    groups.endNotes();
  }
}

const seriesPart = (series: Series): SeriesPart => {
  const { key, learner, seen, group = null } = series;
  return [key, learner.snapshot(), seen, hearingOf(series), group];
};

const hearingOf = (series: Series): Hearing => [
  series.heardAt,
  series.checkAt ?? null,
  series.checkedAt ?? null,
  series.heardSinceCheck,
  series.staleSince ?? null,
];

/**
 * Puts a part of {@link snapshot} into a state.
 *
 * @returns The key of the part's series; undefined for a part that belongs to all series.
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT, or another error where the bytes are no part of a snapshot.
 */
export function restorePart(state: LearnerState, part: Uint8Array): string | undefined {
  const saved = decodeMsgpack(part) as SharedPart | SeriesPart | GroupsPart;
  const [key] = saved;
  if (key === null) {
    // Snapshots of earlier releases have no groups.
    const [, settings, counts, systems, done, groups = []] = saved as SharedPart;
    configure(state, settings ?? undefined);
    [state.sweep, state.sweptAt, state.closed, state.expired] = counts;
    for (const [system, rules] of systems) state.systems.set(system, rules);
    for (const id of done) state.done.add(id);
    state.groups.restore(groups);
    return undefined;
  }
  if (key === false) {
    const [, atEnd] = saved as GroupsPart;
    state.groups.restoreAtEnd(atEnd);
    return undefined;
  }
  const id = parseSeriesKey(key);
  if (!id.ok) throw id.error;
  const [, snapshot, seen, hearing, group] = saved as SeriesPart;
  const learner = SeriesLearner.restore(snapshot, state.rules.settingsOf(id.value));
  const series = new Series(key, learner, seen);
  series.heardAt = hearing[0];
  series.checkAt = hearing[1] ?? undefined;
  series.checkedAt = hearing[2] ?? undefined;
  series.heardSinceCheck = hearing[3];
  series.staleSince = hearing[4] ?? undefined;
  series.group = group ?? undefined;
  const older = state.series.get(key);
  if (older !== undefined) {
    state.open.delete(older);
    forgetSeries(state, older);
  }
  addSeries(state, series);
  if (learner.judge.open !== null) state.open.add(series);
  return key;
}
