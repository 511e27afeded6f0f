import { MessageError, parseSeriesKey } from "@mapek/core/contract";
import { SeriesLearner } from "@mapek/core/learning";
import { isDone, type LearnerState, rulesOf, settingsOf } from "../state.ts";
import { Series } from "./series.ts";

/** The series of a system, or of all systems, that have not folded the present input yet, in order of keys. */
export function seriesOfSystem(state: LearnerState, system: string | undefined): Series[] {
  const found = [...state.series.values()].filter(
    (series) => (system === undefined || series.system === system) && !isDone(state, series.key),
  );
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * The series of a key, created under its system's rules where it is new.
 *
 * @returns The error of a malformed key, or MAPEK_SERIES_LIMIT or MAPEK_OVERLOADED where no new series may be learned.
 */
export function seriesOf(state: LearnerState, key: string): Series | MessageError {
  const known = state.series.get(key);
  if (known !== undefined) return known;
  const id = parseSeriesKey(key);
  if (!id.ok) return id.error;
  const refusal = refusalOf(state, key, id.value.system);
  if (refusal !== undefined) return refusal;
  const learner = new SeriesLearner(state.rules.settingsOf(id.value));
  const rules = rulesOf(state, id.value.system);
  learner.frozen = rules.frozen;
  learner.excluded = rules.excluded;
  learner.applySensitivity(rules.sensitivityFactor);
  const made = new Series(key, learner, state.sweep);
  addSeries(state, made);
  return made;
}

/**
 * The series of a key, as {@link seriesOf}, tried first as the successor of `before`. Batches mostly bring the same
 * series in the same order, and comparing one key misses the CPU cache less often than a look-up in a very large map.
 */
export function seriesAfter(
  state: LearnerState,
  before: Series | undefined,
  key: string,
): Series | MessageError {
  const guess = before?.next;
  if (guess !== undefined && guess.key === key && !guess.isForgotten) return guess;
  const found = seriesOf(state, key);
  if (before !== undefined && found instanceof Series) before.next = found;
  return found;
}

function refusalOf(state: LearnerState, key: string, system: string): MessageError | undefined {
  const { max_series_of_system: limit } = settingsOf(state);
  const count = state.seriesCounts.get(system) ?? 0;
  let refusal: MessageError | undefined;
  if (limit !== undefined && count >= limit)
    refusal = new MessageError(
      "MAPEK_SERIES_LIMIT",
      `system ${system} has ${count} series in this partition, its limit; ${key} is not learned`,
    );
  else if (state.closed)
    refusal = new MessageError("MAPEK_OVERLOADED", `memory is short: ${key} is not learned yet`);
  if (refusal !== undefined) state.refused++;
  return refusal;
}

export function addSeries(state: LearnerState, series: Series): void {
  const { system } = series;
  state.series.set(series.key, series);
  state.totals.put(series);
  state.checks.put(series);
  if (series.staleSince !== undefined) state.stale.add(series);
  state.seriesCounts.set(system, (state.seriesCounts.get(system) ?? 0) + 1);
}

export function forgetSeries(state: LearnerState, series: Series): void {
  const { key, system } = series;
  series.forget();
  state.totals.takeOut(series);
  state.checks.remove(series);
  state.stale.delete(series);
  state.series.delete(key);
  const left = (state.seriesCounts.get(system) ?? 0) - 1;
  if (left > 0) state.seriesCounts.set(system, left);
  else state.seriesCounts.delete(system);
}
