import type { OptimizerSettings, StateRow } from "@mapek/core/contract";

/** Least monitoring interval as a share of the row's, however wide `adaptation_bound` is. */
const MIN_INTERVAL_SHARE = 0.1;

/** Limits of adaptation around a row, from `adaptation_bound`, `adaptation_step` and `decrease_step`. */
export interface AdaptationBounds {
  minParallelism: number;
  maxParallelism: number;
  /** Largest raise and cut of parallelism in one step, whole numbers >= 1. */
  raiseStep: number;
  cutStep: number;
  /** Multiples of the row's interval. */
  minStretch: number;
  maxStretch: number;
}

/** @returns Bounds that hold the row itself: 1 ≤ minParallelism ≤ the row's ≤ maxParallelism, 0 < minStretch ≤ 1 ≤ maxStretch. */
export function adaptationBounds(row: StateRow, settings: OptimizerSettings): AdaptationBounds {
  const parallelism = row.execution_parallelism;
  const { adaptation_bound: bound, adaptation_step: raise, decrease_step: cut } = settings;
  const wholeStep = (share: number) => Math.max(1, Math.floor(parallelism * share + 1e-9));
  return {
    minParallelism: Math.max(1, Math.ceil(parallelism * (1 - bound) - 1e-9)),
    maxParallelism: Math.floor(parallelism * (1 + bound) + 1e-9),
    raiseStep: wholeStep(raise),
    cutStep: wholeStep(cut),
    minStretch: Math.max(1 - bound, MIN_INTERVAL_SHARE),
    maxStretch: 1 + bound,
  };
}
