import type { OutcomeOfChange, Prediction } from "@mapek/core/contract";
import { moments } from "./moments.ts";

/** The objectives by which changes are judged; smaller is better. */
type Objective = "pressure" | "cycle_latency" | "look_loss";
type Setting = "state" | "execution_parallelism" | "monitoring_interval";

/** A change whose effect on its objective is being measured. */
export interface Trial {
  readonly setting: Setting;
  readonly objective: Objective;
  /** Value of the setting before the change, restored by a rollback. */
  readonly from: number | string;
  readonly to: number | string;
  /** Lever value after a rollback, and after a canary that did no harm; null where the lever stays. */
  readonly undo: number | null;
  readonly rest: number | null;
  /** A `raise` is rolled back when it does harm, a `probe` unless it helps, a `cut` when its trouble has gone, `state` never. */
  readonly kind: "raise" | "cut" | "probe" | "state";
  readonly before: readonly number[];
  readonly predicted: number;
  /** Number of reports by which the change is judged. */
  readonly wanted: number;
  /** Reports since the change. The first may have been measured before the change and is left out. */
  seen: number;
  readonly after: number[];
}

/** A rise up to this share of the objective counts as no harm, however small the measured noise. */
const NEGLIGIBLE_SHARE = 0.01;

/** Folds one report. @returns Whether the trial can be judged now. */
export function observe(trial: Trial, value: number): boolean {
  if (trial.seen++ > 0 && !Number.isNaN(value)) trial.after.push(value);
  return trial.seen > trial.wanted;
}

/**
 * Compares the objective after a change with the one before it.
 *
 * `worse`: the mean rose by more than `standardErrors` standard errors of the difference of two means, with
 * the variances measured before and after, and by more than 1 % of the mean before.
 *
 * Source: Welch (1947), Biometrika 34(1/2), 28-35, the standard error of unequal variances.
 *
 * @returns undefined where no report carried the objective before or after.
 */
export function judge(
  trial: Trial,
  standardErrors: number,
  timestamp: number,
): OutcomeOfChange | undefined {
  const before = moments(trial.before);
  const after = moments(trial.after);
  if (before.count === 0 || after.count === 0) return undefined;
  const noise = Math.sqrt(before.variance / before.count + after.variance / after.count);
  const allowed = Math.max(standardErrors * noise, NEGLIGIBLE_SHARE * Math.abs(before.mean));
  return {
    setting: trial.setting,
    from: trial.from,
    to: trial.to,
    objective: trial.objective,
    before: before.mean,
    predicted: trial.predicted,
    after: after.mean,
    noise,
    worse: after.mean - before.mean > allowed,
    timestamp,
  };
}

/** The prediction of a trial as the `parameters` message carries it. */
export function predictionOf(trial: Trial, intervalSeconds: number): Prediction {
  return {
    objective: trial.objective,
    before: moments(trial.before).mean,
    predicted: trial.predicted,
    within_reports: trial.wanted + 1,
    within_seconds: (trial.wanted + 1) * intervalSeconds,
  };
}
