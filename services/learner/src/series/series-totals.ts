import { SUPPRESSIONS } from "@mapek/core/statistics";
import type { Series } from "./series.ts";

/**
 * Sums over the series of a partition, updated with every change, so that reading them costs O(1).
 *
 * Code that changes a series must call `takeOut` before and `put` after the change, or the sums drift.
 */
export class SeriesTotals {
  points = 0;
  judged = 0;
  anomalies = 0;
  /** Samples dropped as duplicate, too late or outside the window. */
  dropped = 0;
  /** Samples older than the newest of their series when they came. */
  untaught = 0;
  windowBytes = 0;
  /** Thresholds in force. */
  readonly inForce = { upper: 0, lower: 0 };
  /** Suppressed alarms by reason, in the order of `SUPPRESSIONS`. */
  readonly suppressed: number[] = SUPPRESSIONS.map(() => 0);

  put(series: Series): void {
    this.#count(series, 1);
  }

  takeOut(series: Series): void {
    this.#count(series, -1);
  }

  /** Runs a change of a series between `takeOut` and `put`. */
  around<Result>(series: Series, change: () => Result): Result {
    this.takeOut(series);
    try {
      return change();
    } finally {
      this.put(series);
    }
  }

  #count({ learner }: Series, sign: 1 | -1): void {
    const { judge } = learner;
    this.points += sign * learner.points;
    this.judged += sign * judge.judged;
    this.anomalies += sign * judge.anomalies;
    this.dropped += sign * learner.dropped;
    this.untaught += sign * learner.untaught;
    this.windowBytes += sign * learner.window.byteLength;
    if (learner.threshold("upper") !== null) this.inForce.upper += sign;
    if (learner.threshold("lower") !== null) this.inForce.lower += sign;
    judge.addSuppressed(this.suppressed, sign);
  }
}
