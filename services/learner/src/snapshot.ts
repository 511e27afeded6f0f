import { SeriesLearner, type SeriesSnapshot } from "@mapek/core/learning";
import {
  decodeMsgpack,
  encodeMsgpack,
  type LearnerSettings,
  parseSeriesKey,
} from "@mapek/core/messages";
import { initialState, type LearnerState, type SystemRules, settingsOf } from "./state.ts";

/** Schema number of a partition's saved state. */
const SCHEMA = 1;

type Saved = [
  schema: number,
  settings: LearnerSettings | null,
  systems: [string, SystemRules][],
  series: [string, SeriesSnapshot][],
  done: string[],
];

/** Bytes of a partition's state; equal states give equal bytes. Cost: O(samples). */
export function save(state: LearnerState): Uint8Array {
  const byKey = <T>([a]: [string, T], [b]: [string, T]) => (a < b ? -1 : 1);
  const systems = [...state.systems].sort(byKey);
  const series = [...state.series.values()]
    .map(({ key, learner }): [string, SeriesSnapshot] => [key, learner.snapshot()])
    .sort(byKey);
  return encodeMsgpack([
    SCHEMA,
    state.configured ?? null,
    systems,
    series,
    [...state.done],
  ] satisfies Saved);
}

/** The inverse of {@link save}. @throws {Error} where the bytes are not of a schema that this reader knows. */
export function load(bytes: Uint8Array): LearnerState {
  const [schema, settings, systems, series, done] = decodeMsgpack(bytes) as Saved;
  if (schema !== SCHEMA)
    throw new Error(`learner state has schema ${schema}, this reader knows ${SCHEMA}`);
  const state = initialState();
  state.configured = settings ?? undefined;
  for (const [system, rules] of systems) state.systems.set(system, rules);
  for (const [key, snapshot] of series) {
    const id = parseSeriesKey(key);
    if (!id.ok) throw id.error;
    const restored = {
      key,
      id: id.value,
      learner: SeriesLearner.restore(snapshot, settingsOf(state)),
    };
    state.series.set(key, restored);
    if (restored.learner.judge.open !== null) state.open.add(restored);
  }
  for (const id of done) state.done.add(id);
  return state;
}
