import { clamp, figure } from "@mapek/core/stats";
import type { Output } from "@mapek/runtime";
import { outputsOf } from "../outputs.ts";
import type { Series } from "../series/series.ts";
import { isDone, type LearnerState } from "../state.ts";

const LEAST_SILENCE_MS = 300_000;
const USUAL_INTERVALS = 10;
/** Samples from which on the usual interval is known. */
const KNOWN_SAMPLES = 3;
/** Checks are gathered into steps of an eighth of the silence, so that not every series has a tick of its own. */
const STEPS = 8;
const MIN_STEP_MS = 1_000;
const MAX_STEP_MS = 60_000;

/**
 * Takes note of a sample of a series that is not in the calendar: its first ones put it there, one after a silence ends that.
 *
 * @returns What tells that a stale series is back. Cost: O(1).
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
 * Tells of series to which nothing came for longer than it should.
 *
 * A sample counts from its own time or, where that was past at the check before it came, from this check: a series that
 * is filled up with old samples is not stale. What the time was is known from ticks. Cost: O(series to be checked): each about once in the time of its silence.
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
