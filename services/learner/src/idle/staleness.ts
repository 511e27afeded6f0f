import { clamp, figure } from "@mapek/core/statistics";
import type { Output } from "@mapek/runtime";
import { outputsOf } from "../outputs.ts";
import type { Series } from "../series/series.ts";
import { isDone, type LearnerState } from "../state.ts";

const LEAST_SILENCE_MS = 300_000;
const USUAL_INTERVALS = 10;
/** Number of judged samples from which the usual interval is known. */
const KNOWN_SAMPLES = 3;
/** Times of checks are rounded up to steps of 1/8 of the silence (1–60 s), so that many series share one tick. */
const STEPS = 8;
const MIN_STEP_MS = 1_000;
const MAX_STEP_MS = 60_000;

/**
 * Folds a sample of a series without a planned check: plans one once the usual interval is known, and ends the
 * staleness of a stale series.
 *
 * @returns A change of kind `resumed` where the series was stale. Cost: O(1).
 */
export function heard(state: LearnerState, series: Series): Output[] {
  const { learner, staleSince } = series;
  if (state.sweptAt > 0) series.checkedAt ??= state.sweptAt;
  if (staleSince === undefined) {
    if (learner.judge.judged >= KNOWN_SAMPLES) plan(state, series, series.heardAt);
    return [];
  }
  series.staleSince = undefined;
  state.stale.delete(series);
  plan(state, series, series.heardAt);
  const silentMs = Math.max(0, series.heardAt - staleSince);
  return outputsOf(series, {
    type: "change",
    time: Math.max(0, series.heardAt),
    kind: "resumed",
    since: staleSince,
    before: null,
    after: null,
    size: null,
    reasoning: `Samples come again, after ${seconds(silentMs)} s without one.`,
  });
}

/**
 * Reports series as stale that received no sample for longer than their silence allows.
 *
 * Silence counts from the time of the newest sample. Where that time was already past at the previous check, silence
 * counts from this check: a series that is being filled with old samples is not stale. Cost: O(series to check), each
 * about once per silence.
 */
export function tellStale(state: LearnerState, now: number): Output[] {
  const outputs: Output[] = [];
  for (const series of state.checks.due(now)) {
    if (isDone(state, series.key)) continue;
    const { heardAt, checkedAt, heardSinceCheck } = series;
    const cameLate = heardSinceCheck && (checkedAt === undefined || heardAt < checkedAt);
    const from = cameLate ? now : heardAt;
    series.checkedAt = now;
    series.heardSinceCheck = false;
    state.checks.remove(series);
    series.checkAt = undefined;
    if (from + silenceMs(series) > now) {
      plan(state, series, from);
      continue;
    }
    series.staleSince = heardAt;
    state.stale.add(series);
    outputs.push(
      ...outputsOf(series, {
        type: "change",
        time: now,
        kind: "stale",
        since: Math.max(0, heardAt),
        before: null,
        after: null,
        size: null,
        reasoning: `No sample for ${seconds(now - heardAt)} s, where one is expected every ${seconds(series.learner.judge.intervalMs)} s.`,
      }),
    );
  }
  return outputs;
}

function plan(state: LearnerState, series: Series, fromMs: number): void {
  const silence = silenceMs(series);
  const step = clamp(silence / STEPS, MIN_STEP_MS, MAX_STEP_MS);
  series.checkAt = Math.ceil((fromMs + silence) / step) * step;
  state.checks.put(series);
}

function silenceMs({ learner }: Series): number {
  const { stale_after_seconds } = learner.settings;
  if (stale_after_seconds !== undefined) return stale_after_seconds * 1_000;
  return Math.max(LEAST_SILENCE_MS, USUAL_INTERVALS * learner.judge.intervalMs);
}

const seconds = (ms: number): string => figure(ms / 1_000, 4);
