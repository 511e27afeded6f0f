/** Samples on which a changed threshold is measured, before and after. */
const MEASURED_SAMPLES = 100;
/** Changes that are measured at the same time. */
const MAX_OPEN = 4;

interface OpenMeasurement {
  readonly actionId: string;
  readonly threshold: number;
  readonly before: number;
  seen: number;
  above: number;
}

/** State of {@link ThresholdPromise}: plain JSON. */
export type ThresholdPromiseSnapshot = readonly OpenMeasurement[];

/** A finished measurement: the absolute error of the exceedance rate before and after the change. */
export interface PromiseOutcome {
  readonly actionId: string;
  readonly before: number;
  readonly after: number;
}

/**
 * Measures what became of changed thresholds: how far the share of samples above them is from the
 * promised rate, on the 100 samples before the change (old threshold) and the 100 after it (new one).
 *
 * Cost: O(1) a sample while something is measured, nothing otherwise.
 */
export class ThresholdPromise {
  #open: OpenMeasurement[] = [];

  get active(): boolean {
    return this.#open.length > 0;
  }

  /** @param recent The newest values of the window, oldest first; the last 100 count. */
  begin(
    actionId: string,
    from: number,
    to: number,
    recent: Float64Array,
    promisedRate: number,
  ): void {
    const measured = recent.subarray(Math.max(0, recent.length - MEASURED_SAMPLES));
    if (measured.length === 0) return;
    let above = 0;
    for (const value of measured) if (value > from) above++;
    const before = Math.abs(above / measured.length - promisedRate);
    this.#open.push({ actionId, threshold: to, before, seen: 0, above: 0 });
    if (this.#open.length > MAX_OPEN) this.#open.shift();
  }

  /** Takes the next sample; the outcomes that it completes. */
  update(value: number, promisedRate: number): readonly PromiseOutcome[] {
    for (const measurement of this.#open) {
      measurement.seen++;
      if (value > measurement.threshold) measurement.above++;
    }
    if ((this.#open[0]?.seen ?? 0) < MEASURED_SAMPLES) return [];
    const done = this.#open.filter(({ seen }) => seen >= MEASURED_SAMPLES);
    this.#open = this.#open.filter(({ seen }) => seen < MEASURED_SAMPLES);
    return done.map(({ actionId, before, above, seen }) => ({
      actionId,
      before,
      after: Math.abs(above / seen - promisedRate),
    }));
  }

  snapshot(): ThresholdPromiseSnapshot {
    return this.#open.map((measurement) => ({ ...measurement }));
  }

  static restore(snapshot: ThresholdPromiseSnapshot): ThresholdPromise {
    const restored = new ThresholdPromise();
    restored.#open = snapshot.map((measurement) => ({ ...measurement }));
    return restored;
  }
}
