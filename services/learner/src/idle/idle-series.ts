import { fnv1a32, longestWindowSeconds, thresholdKey } from "@mapek/core/messages";
import { clamp } from "@mapek/core/stats";
import type { Output } from "@mapek/runtime";
import type { Series } from "../series/series.ts";
import { forgetSeries } from "../series/series-table.ts";
import { isDone, type LearnerState, settingsOf } from "../state.ts";

/** Parts into which the series are divided: each sweep looks at one of them. */
const SLICES = 8;
/** Each slice's turn comes so many times within the idle time. */
const ROUNDS = 8;
const MIN_SWEEP_MS = 1_000;
const MAX_SWEEP_MS = 450_000;
/** Series that one sweep forgets; where there are more it goes on a second later. */
const MAX_FORGOTTEN = 1_000;
/** A slow series is idle after so many of its own usual intervals. */
const IDLE_INTERVALS = 10;

/** A series never expires before its window could have emptied. */
function idleMs(state: LearnerState): number {
  const settings = settingsOf(state);
  return 1_000 * Math.max(settings.idle_series_seconds, longestWindowSeconds(settings));
}

const ownIdleMs = ({ learner }: Series): number => IDLE_INTERVALS * learner.judge.intervalMs;

const sweepMs = (state: LearnerState): number =>
  clamp(idleMs(state) / (SLICES * ROUNDS), MIN_SWEEP_MS, MAX_SWEEP_MS);

/** Time (ms) at which the next sweep is due; undefined while there is no series. */
export const sweepDueAt = (state: LearnerState): number | undefined =>
  state.series.size === 0 ? undefined : state.sweptAt + sweepMs(state);

/**
 * Forgets series that have received nothing for the idle time, or for ten of their own intervals where that is longer, where a sweep is due.
 *
 * Idleness is counted in sweeps, not read from a clock: while the learner does not run no series gets
 * older, and samples that came meanwhile are folded before the next tick. A series lives for one round
 * of slices longer than the idle time at most. One that is pinned, frozen or has an open anomaly stays.
 *
 * @param now Time of the tick, ms.
 * @returns What removes the thresholds of the forgotten series from the newest ones, in order of the keys.
 * Cost: O(series): about 1 ms for 62,500 of them; up to 10 ms where 1,000 are forgotten.
 */
export function sweepIdle(state: LearnerState, now: number): Output[] {
  // Sweeps are counted whether there are series or not: what all series share may not depend on one.
  if (now < state.sweptAt + sweepMs(state)) return [];
  const slice = state.sweep % SLICES;
  const idle = idleMs(state);
  const every = sweepMs(state);
  const seenSince = (ms: number): number => state.sweep - Math.ceil(ms / every);
  const youngest = seenSince(idle);
  const found: Series[] = [];
  for (const series of state.series.values())
    if (
      // What lies in the series itself comes first: its own interval is five objects away, in memory that no cache holds.
      series.seen < youngest &&
      isIn(slice, series) &&
      series.seen < seenSince(ownIdleMs(series)) &&
      mayExpire(state, series) &&
      !isDone(state, series.key)
    )
      found.push(series);
  found.sort((a, b) => (a.key < b.key ? -1 : 1));
  if (found.length > MAX_FORGOTTEN) state.sweptAt = now - every + MIN_SWEEP_MS;
  else {
    state.sweep++;
    state.sweptAt = now;
  }
  const forgotten = found.slice(0, MAX_FORGOTTEN);
  state.expired += forgotten.length;
  const removals = forgotten.flatMap((series) => {
    forgetSeries(state, series);
    if (!state.seriesCounts.has(series.system)) state.groups.forget(series.system);
    return series.learner.thresholds.map(
      ({ side }): Output => ({ to: "latest", key: thresholdKey(series.id, side), message: null }),
    );
  });
  if (forgotten.length > 0) letGo(state);
  return removals;
}

/** Nothing is to keep the memory of a forgotten series. */
function letGo(state: LearnerState): void {
  for (const series of state.series.values()) if (series.next?.isForgotten) series.next = undefined;
}

/** By the upper half of the hash: partitions are made from the lower. */
const isIn = (slice: number, { key }: Series): boolean => (fnv1a32(key) >>> 16) % SLICES === slice;

const mayExpire = (state: LearnerState, series: Series): boolean =>
  !(
    series.learner.frozen ||
    state.open.has(series) ||
    series.learner.thresholds.some(({ threshold }) => threshold.pinned)
  );
