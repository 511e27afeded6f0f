import { SeriesLearner, type SeriesSnapshot } from "@mapek/core/learning";
import {
  decodeMsgpack,
  encodeMsgpack,
  type LearnerSettings,
  parseSeriesKey,
} from "@mapek/core/messages";
import { type LearnerState, Series, type SystemRules, settingsOf } from "./state.ts";

/** Number of the saved form of a partition's state. */
export const SCHEMA = 1;

type SharedPart = [
  key: null,
  settings: LearnerSettings | null,
  systems: [string, SystemRules][],
  done: string[],
];
type SeriesPart = [key: string, snapshot: SeriesSnapshot];

/** The state in parts: what all series share, then a series a part. Cost of a part: O(samples of the series). */
export function* snapshot(state: LearnerState): Generator<Uint8Array> {
  const systems = [...state.systems].sort(([a], [b]) => (a < b ? -1 : 1));
  const shared: SharedPart = [null, state.configured ?? null, systems, [...state.done]];
  yield encodeMsgpack(shared);
  for (const { key, learner } of state.series.values())
    yield encodeMsgpack([key, learner.snapshot()] satisfies SeriesPart);
}

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
    const [, settings, systems, done] = saved as SharedPart;
    state.configured = settings ?? undefined;
    for (const [system, rules] of systems) state.systems.set(system, rules);
    for (const id of done) state.done.add(id);
    return undefined;
  }
  const id = parseSeriesKey(key);
  if (!id.ok) throw id.error;
  const learner = SeriesLearner.restore((saved as SeriesPart)[1], settingsOf(state));
  const series = new Series(key, learner);
  const older = state.series.get(key);
  if (older !== undefined) state.open.delete(older);
  state.series.set(key, series);
  if (learner.judge.open !== null) state.open.add(series);
  return key;
}
