import { fnv1a32, longestWindowSeconds, thresholdKey } from "@mapek/core/contract";
import { clamp } from "@mapek/core/statistics";
import type { Output } from "@mapek/runtime";
import type { Series } from "../series/series.ts";
import { forgetSeries } from "../series/series-table.ts";
import { isDone, type LearnerState, settingsOf } from "../state.ts";

/** Number of slices into which the series are divided; each sweep checks one slice. */
const SLICES = 8;
/** Number of sweeps over each slice within the idle time. */
const ROUNDS = 8;
const MIN_SWEEP_MS = 1_000;
const MAX_SWEEP_MS = 450_000;
/** Limit of series that one sweep forgets; the next sweep of the same slice follows a second later. */
const MAX_FORGOTTEN = 1_000;
/** A series is never idle before this many of its own usual intervals. */
const IDLE_INTERVALS = 10;

/** Idle time, ms: at least the longest window, since a series must not expire while its window holds samples. */
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
 * Where a sweep is due: forgets the series of one slice that received no sample for the idle time, or for ten of their
 * own intervals where that is longer.
 *
 * Idleness is counted in sweeps and not read from a clock: while the learner is down no series gets older, and
 * samples that came meanwhile are folded before the next tick. A series outlives the idle time by at most one
 * round of slices. A series that is pinned or frozen, or has an open anomaly, is never forgotten.
 *
 * @param now Time of the tick, ms.
 * @returns Outputs that remove the forgotten series' thresholds from the bucket `mapek_thresholds`, in order of keys.
 * Cost: O(series): about 1 ms for 62,500 of them; up to 10 ms where 1,000 are forgotten.
 */
export function sweepIdle(state: LearnerState, now: number): Output[] {
  // Sweeps are counted even without series: the state that all series share must not depend on any one of them.
  if (now < state.sweptAt + sweepMs(state)) return [];
  const slice = state.sweep % SLICES;
  const idle = idleMs(state);
  const every = sweepMs(state);
  const seenSince = (ms: number): number => state.sweep - Math.ceil(ms / every);
  const youngest = seenSince(idle);
  const found: Series[] = [];
  for (const series of state.series.values())
    if (
      // `seen` is tested first: it lies in the series itself, while the interval is five references away in uncached memory.
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
  if (forgotten.length > 0) clearReferences(state);
  return removals;
}

/** Clears references to forgotten series: `next` would keep their memory in use. */
function clearReferences(state: LearnerState): void {
  for (const series of state.series.values()) if (series.next?.isForgotten) series.next = undefined;
}

/** Uses the upper half of the hash, because the lower half chooses the partition. */
const isIn = (slice: number, { key }: Series): boolean => (fnv1a32(key) >>> 16) % SLICES === slice;

const mayExpire = (state: LearnerState, series: Series): boolean =>
  !(
    series.learner.frozen ||
    state.open.has(series) ||
    series.learner.thresholds.some(({ threshold }) => threshold.pinned)
  );
