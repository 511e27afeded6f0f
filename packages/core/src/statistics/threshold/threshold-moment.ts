import type { AdaptiveQuantile } from "../quantile/adaptive-quantile.ts";

const HALF_HOUR_MS = 1_800_000;

/** Input of a step of a `FollowedThreshold`: a time, and the state of the series at that time. */
export interface Moment {
  /** Event time, ms. */
  readonly timeMs: number;
  /** Local time less `timeMs`, ms. */
  readonly offsetMs: number;
  /** Usual time between two samples, ms. */
  readonly intervalMs: number;
  /** The online threshold; undefined where the series has none. */
  readonly online: AdaptiveQuantile | undefined;
  /** Whether the threshold follows the online threshold; the threshold of a frozen series moves with the clock alone. */
  readonly learns: boolean;
  readonly exceedanceRate: number;
  /** Bounds of the threshold, unit of the values. */
  readonly minimum: number;
  readonly maximum: number;
  /** Distance of the curve from the computed threshold beyond which a new curve is drawn, in spreads. */
  readonly tolerance: number;
}

/** Whether samples come less than twice an hour: hours without a sample have no season. */
export const isSlow = ({ intervalMs }: Moment): boolean => intervalMs > HALF_HOUR_MS;

/** A threshold never leaves the bounds `minimum` and `maximum`. */
export const bounded = (value: number, { minimum, maximum }: Moment): number =>
  Math.min(maximum, Math.max(minimum, value));
