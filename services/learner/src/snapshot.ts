import { SeriesLearner, type SeriesSnapshot } from "@mapek/core/learning";
import {
  decodeMsgpack,
  encodeMsgpack,
  type LearnerSettings,
  parseSeriesKey,
} from "@mapek/core/messages";
import {
  addSeries,
  configure,
  forgetSeries,
  type LearnerState,
  Series,
  type SystemRules,
} from "./state.ts";

/** Number of the saved form of a partition's state. */
export const SCHEMA = 2;

type SharedPart = [
  key: null,
  settings: LearnerSettings | null,
  counts: [sweep: number, sweptAt: number, closed: boolean, expired: number],
  systems: [string, SystemRules][],
  done: string[],
];
type SeriesPart = [key: string, snapshot: SeriesSnapshot, seen: number, hearing: Hearing];
/** What tells whether a series is stale. */
type Hearing = [
  heardAt: number,
  checkAt: number | null,
  checkedAt: number | null,
  heardSinceCheck: boolean,
  staleSince: number | null,
];

/** The state in parts: what all series share, then a series a part. Cost of a part: O(samples of the series). */
export function* snapshot(state: LearnerState): Generator<Uint8Array> {
  const systems = [...state.systems].sort(([a], [b]) => (a < b ? -1 : 1));
  const { configured, sweep, sweptAt, closed, expired, done } = state;
  const counts: SharedPart[2] = [sweep, sweptAt, closed, expired];
  const shared: SharedPart = [null, configured ?? null, counts, systems, [...done]];
  yield encodeMsgpack(shared);
  for (const series of state.series.values()) {
    const { key, learner, seen } = series;
    yield encodeMsgpack([key, learner.snapshot(), seen, hearingOf(series)] satisfies SeriesPart);
  }
}

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
 * @returns The key of its series, undefined for the part that all series share.
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT, or another error where the part is no such part.
 */
export function restorePart(state: LearnerState, part: Uint8Array): string | undefined {
  const saved = decodeMsgpack(part) as SharedPart | SeriesPart;
  const [key] = saved;
  if (key === null) {
    const [, settings, counts, systems, done] = saved as SharedPart;
    configure(state, settings ?? undefined);
    [state.sweep, state.sweptAt, state.closed, state.expired] = counts;
    for (const [system, rules] of systems) state.systems.set(system, rules);
    for (const id of done) state.done.add(id);
    return undefined;
  }
  const id = parseSeriesKey(key);
  if (!id.ok) throw id.error;
  const [, snapshot, seen, hearing] = saved as SeriesPart;
  const learner = SeriesLearner.restore(snapshot, state.rules.settingsOf(id.value));
  const series = new Series(key, learner, seen);
  series.heardAt = hearing[0];
  series.checkAt = hearing[1] ?? undefined;
  series.checkedAt = hearing[2] ?? undefined;
  series.heardSinceCheck = hearing[3];
  series.staleSince = hearing[4] ?? undefined;
  const older = state.series.get(key);
  if (older !== undefined) {
    state.open.delete(older);
    forgetSeries(state, older);
  }
  addSeries(state, series);
  if (learner.judge.open !== null) state.open.add(series);
  return key;
}
