import type { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";

const HALF_HOUR_MS = 1_800_000;

/** What a threshold is moved or drawn by: a time, and what is known of the series then. */
export interface Moment {
  /** Event time, ms. */
  readonly timeMs: number;
  /** What local time is ahead of it, ms. */
  readonly offsetMs: number;
  /** Usual time between two samples, ms. */
  readonly intervalMs: number;
  /** Undefined where nothing is learned online. */
  readonly online: AdaptiveQuantile | undefined;
  /** Whether the threshold may follow what is learned; a frozen series moves with the clock alone. */
  readonly learns: boolean;
  readonly exceedanceRate: number;
  /** Bounds of the threshold, unit of the values. */
  readonly minimum: number;
  readonly maximum: number;
  /** Distance from its computed place at which the threshold is drawn anew, in spreads. */
  readonly tolerance: number;
}

/** Whether a series does not come in every hour: of the hours between its samples nothing is known. */
export const isSlow = ({ intervalMs }: Moment): boolean => intervalMs > HALF_HOUR_MS;

/** A threshold never leaves the bounds that were set for it, whatever was learned. */
export const bounded = (value: number, { minimum, maximum }: Moment): number =>
  Math.min(maximum, Math.max(minimum, value));
