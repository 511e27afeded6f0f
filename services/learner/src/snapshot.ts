import { SeriesLearner, type SeriesSnapshot } from "@mapek/core/learning";
import {
  decodeMsgpack,
  encodeMsgpack,
  type LearnerSettings,
  parseSeriesKey,
} from "@mapek/core/messages";
import {
  addSeries,
  initialState,
  type LearnerState,
  type SystemRules,
  settingsOf,
  slotOf,
} from "./state.ts";

/** Schema number of a partition's saved state. */
const SCHEMA = 2;

type Saved = [
  schema: number,
  settings: LearnerSettings | null,
  counts: [sweep: number, sweptAt: number, closed: boolean, expired: number, refused: number],
  systems: [string, SystemRules][],
  series: [key: string, snapshot: SeriesSnapshot, seen: number][],
  done: string[],
];

/** Bytes of a partition's state; equal states give equal bytes. Cost: O(samples). */
export function save(state: LearnerState): Uint8Array {
  const byKey = ([a]: [string, ...unknown[]], [b]: [string, ...unknown[]]) => (a < b ? -1 : 1);
  const systems = [...state.systems].sort(byKey);
  const series = [...state.series.values()]
    .map(({ key, learner, seen }): Saved[4][number] => [key, learner.snapshot(), seen])
    .sort(byKey);
  return encodeMsgpack([
    SCHEMA,
    state.configured ?? null,
    [state.sweep, state.sweptAt, state.closed, state.expired, state.refused],
    systems,
    series,
    [...state.done],
  ] satisfies Saved);
}

/** The inverse of {@link save}. @throws {Error} where the bytes are not of a schema that this reader knows. */
export function load(bytes: Uint8Array): LearnerState {
  const [schema, settings, counts, systems, series, done] = decodeMsgpack(bytes) as Saved;
  if (schema !== SCHEMA)
    throw new Error(`learner state has schema ${schema}, this reader knows ${SCHEMA}`);
  const state = initialState();
  state.configured = settings ?? undefined;
  [state.sweep, state.sweptAt, state.closed, state.expired, state.refused] = counts;
  for (const [system, rules] of systems) state.systems.set(system, rules);
  for (const [key, snapshot, seen] of series) {
    const id = parseSeriesKey(key);
    if (!id.ok) throw id.error;
    const restored = {
      key,
      id: id.value,
      learner: SeriesLearner.restore(snapshot, settingsOf(state)),
      slot: slotOf(key),
      seen,
    };
    addSeries(state, restored);
    if (restored.learner.judge.open !== null) state.open.add(restored);
  }
  for (const id of done) state.done.add(id);
  return state;
}
