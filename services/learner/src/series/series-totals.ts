import { SUPPRESSIONS } from "@mapek/core/stats";
import type { Series } from "./series.ts";

/**
 * Sums over the series of a partition, kept as these change: to ask for them costs nothing, however many there are.
 *
 * Whatever changes a series takes it out before and puts it back after.
 */
export class SeriesTotals {
  points = 0;
  judged = 0;
  anomalies = 0;
  /** Samples that were duplicates, too late or outside of the window. */
  dropped = 0;
  /** Samples that came after newer ones of their series. */
  untaught = 0;
  windowBytes = 0;
  /** Thresholds in force. */
  readonly inForce = { upper: 0, lower: 0 };
  /** Alarms that were none, in the order of `SUPPRESSIONS`. */
  readonly suppressed: number[] = SUPPRESSIONS.map(() => 0);

  put(series: Series): void {
    this.#count(series, 1);
  }

  takeOut(series: Series): void {
    this.#count(series, -1);
  }

  /** Does what may change a series. */
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
