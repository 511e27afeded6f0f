import { clamp } from "@mapek/core/statistics";
/** What is known of a system's cycle latency and work rate. */
export interface Gradient {
  /** Long-run mean of the cycle latency, seconds; null before the first. */
  baselineSeconds: number | null;
  /** Long-run mean of decisions per minute while latency was within 1.5 times its baseline; null where none are reported. */
  decisionsPerMinute: number | null;
  /** Reports until the next probe, and the length of the pause, in reports, which doubles with each failed probe. */
  probeIn: number;
  probePause: number;
}

/** Latency may exceed its baseline by this factor before parallelism shrinks. */
const LATENCY_TOLERANCE = 1.5;
const MIN_GRADIENT = 0.5;
/** Weight of a report in the baseline: long-run upward, quick downward. */
const BASELINE_WEIGHT_UP = 1 / 600;
const BASELINE_WEIGHT_DOWN = 1 / 20;
const DECISIONS_WEIGHT = 1 / 100;
/** A system that makes less than this share of its usual decisions per minute waits for something and is not busy. */
const HELD_UP_SHARE = 0.5;
/** A latency up to this share of the row's interval counts as no queueing: the gradient is 1. */
const NEGLIGIBLE_SHARE = 0.002;
/** Shortest and longest pause between probes, in reports. */
const PROBE_PAUSE = 50;
const MAX_PROBE_PAUSE = 1_600;

export const initialGradient = (): Gradient => ({
  baselineSeconds: null,
  decisionsPerMinute: null,
  probeIn: PROBE_PAUSE,
  probePause: PROBE_PAUSE,
});

/**
 * Folds the window's means.
 *
 * The baseline learns quickly downward (about 20 reports) and slowly upward (about 600). Where decisions per
 * minute fall below half of their usual, cycles wait for timeouts: learning that latency as normal would let
 * parallelism grow into the overload, so the baseline does not rise.
 *
 * @param latency Seconds. @param decisions Per minute; NaN where unknown.
 */
export function learnBaseline(gradient: Gradient, latency: number, decisions: number): void {
  const baseline = gradient.baselineSeconds;
  if (baseline === null) gradient.baselineSeconds = latency;
  else if (latency < baseline)
    gradient.baselineSeconds = baseline + (latency - baseline) * BASELINE_WEIGHT_DOWN;
  else if (!isHeldUp(gradient, decisions))
    gradient.baselineSeconds = baseline + (latency - baseline) * BASELINE_WEIGHT_UP;
  if (Number.isNaN(decisions)) return;
  const usual = gradient.decisionsPerMinute;
  if (usual === null) gradient.decisionsPerMinute = decisions;
  else if (latency <= LATENCY_TOLERANCE * (baseline ?? latency))
    gradient.decisionsPerMinute = usual + (decisions - usual) * DECISIONS_WEIGHT;
}

const isHeldUp = (gradient: Gradient, decisions: number): boolean =>
  gradient.decisionsPerMinute !== null && decisions < gradient.decisionsPerMinute * HELD_UP_SHARE;

/**
 * The factor by which latency asks parallelism to shrink: g = clip(1.5 · baseline / latency, 0.5, 1).
 *
 * Source: Netflix, "Performance Under Load: Adaptive Concurrency Limits at Netflix" (2018).
 *
 * @returns 0.5–1; 1 where nothing queues.
 */
export function gradientOf(gradient: Gradient, latency: number, intervalSeconds: number): number {
  const baseline = gradient.baselineSeconds;
  if (baseline === null || latency <= intervalSeconds * NEGLIGIBLE_SHARE) return 1;
  return clamp((LATENCY_TOLERANCE * baseline) / latency, MIN_GRADIENT, 1);
}

/**
 * Counts a report towards the next probe: a step down in parallelism that shows whether latency falls with it.
 * A baseline learned while parallelism itself overloaded the system gives a gradient of 1 for ever. Only a
 * probe can find the latency without that overload; BBR drains its queue for the same reason.
 *
 * Source: Cardwell et al. (2016), BBR: Congestion-Based Congestion Control, ACM Queue 14(5), 20-53.
 *
 * @param inUse Whether parallelism is in use, so that it can be what makes cycles slow.
 */
export function probeIsDue(gradient: Gradient, inUse: boolean): boolean {
  if (!inUse) return false;
  if (gradient.probeIn > 0) gradient.probeIn--;
  return gradient.probeIn === 0;
}

/** A probe lowered the latency: the measured latency becomes the baseline, and the next probe is due at once. */
export function probeFound(gradient: Gradient, latency: number): void {
  gradient.baselineSeconds = Math.min(latency, gradient.baselineSeconds ?? latency);
  gradient.probePause = PROBE_PAUSE;
  gradient.probeIn = 0;
}

/** A probe did not lower the latency: the baseline stays, and the next probe waits twice as long. */
export function probeFailed(gradient: Gradient): void {
  gradient.probePause = Math.min(MAX_PROBE_PAUSE, gradient.probePause * 2);
  gradient.probeIn = gradient.probePause;
}

/** Puts the next probe off by at least 50 reports, because parallelism has just moved for another reason. */
export function postponeProbe(gradient: Gradient): void {
  gradient.probeIn = Math.max(gradient.probeIn, PROBE_PAUSE);
}
