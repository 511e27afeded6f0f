import type { OutcomeOfChange, Prediction } from "@mapek/core/messages";
import { moments } from "./moments.ts";

/** The objectives by which changes are judged; smaller is better. */
type Objective = "pressure" | "cycle_latency" | "look_loss";
type Setting = "state" | "execution_parallelism" | "monitoring_interval";

/** A change of which it is not yet known what came of it. */
export interface Trial {
  readonly setting: Setting;
  readonly objective: Objective;
  /** What the setting was; where the change is taken back, what it becomes again. */
  readonly from: number | string;
  readonly to: number | string;
  /** Where the lever goes back to, and where a canary goes on to; null where it stays. */
  readonly undo: number | null;
  readonly rest: number | null;
  /** `raise` is taken back when it does harm, `probe` unless it helps, `cut` when what it was made for has gone. */
  readonly kind: "raise" | "cut" | "probe" | "state";
  readonly before: readonly number[];
  readonly predicted: number;
  /** Reports by which it is judged. */
  readonly wanted: number;
  /** Reports since the change; the first may still be of the time before it and is left out. */
  seen: number;
  readonly after: number[];
}

/** Differences that are nothing beside the objective itself, whatever its measured noise. */
const NEGLIGIBLE_SHARE = 0.01;

/** Folds one report. @returns Whether the trial can be judged now. */
export function observe(trial: Trial, value: number): boolean {
  if (trial.seen++ > 0 && !Number.isNaN(value)) trial.after.push(value);
  return trial.seen > trial.wanted;
}

/**
 * Compares the objective after a change with the one before it.
 *
 * Worse means: the mean rose by more than `standardErrors` of the difference of two means, with the
 * variances as they were measured before and after, and by more than 1 % of itself.
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

/** The prediction as it is published. */
export function predictionOf(trial: Trial, intervalSeconds: number): Prediction {
  return {
    objective: trial.objective,
    before: moments(trial.before).mean,
    predicted: trial.predicted,
    within_reports: trial.wanted + 1,
    within_seconds: (trial.wanted + 1) * intervalSeconds,
  };
}
