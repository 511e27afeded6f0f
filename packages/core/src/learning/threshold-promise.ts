/** Samples on which a changed threshold is measured, before and after. */
const MEASURED_SAMPLES = 100;
/** Changes that are measured at the same time. */
const MAX_OPEN = 4;

interface OpenMeasurement {
  readonly actionId: string;
  readonly from: number;
  readonly threshold: number;
  readonly before: number;
  seen: number;
  above: number;
  /** Above the old threshold, of the same samples. */
  aboveFrom: number;
  /** Samples above the lower of both right after another such. */
  pairs: number;
  wasAbove: boolean;
}

const NO_OUTCOMES: readonly PromiseOutcome[] = [];

/** State of {@link ThresholdPromise}: plain JSON. */
export type ThresholdPromiseSnapshot = readonly OpenMeasurement[];

/** A finished measurement: the absolute error of the exceedance rate before and after the change. */
export interface PromiseOutcome {
  readonly actionId: string;
  readonly before: number;
  readonly after: number;
  /** The error that the old threshold would have had on the samples after the change. */
  readonly expected: number;
  /** Variance of `after` less `expected` by chance. */
  readonly noiseVariance: number;
  /** How many independent samples the measured ones are worth, ≥ 2. */
  readonly samples: number;
}

/**
 * Measures what became of changed thresholds: how far the share of samples above them is from the
 * promised rate, on the 100 samples before the change (old threshold) and the 100 after it (new one, and the old
 * one beside it: what would have come without the change is measured, too).
 *
 * Source: McNemar (1947), Psychometrika 12(2), 153–157, on paired shares.
 * Cost: O(1) a sample while something is measured, nothing otherwise.
 */
export class ThresholdPromise {
  /** In order of their beginning. A list that has grown keeps room for 16 more, a copy does not. */
  #open: readonly OpenMeasurement[] = [];

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
    const begun: OpenMeasurement = {
      actionId,
      from,
      threshold: to,
      before,
      seen: 0,
      above: 0,
      aboveFrom: 0,
      pairs: 0,
      wasAbove: false,
    };
    this.#open = [...this.#open, begun].slice(-MAX_OPEN);
  }

  /** Takes the next sample; the outcomes that it completes. */
  update(value: number, promisedRate: number): readonly PromiseOutcome[] {
    for (const measurement of this.#open) {
      measurement.seen++;
      const isAbove = value > Math.min(measurement.from, measurement.threshold);
      if (value > measurement.threshold) measurement.above++;
      if (value > measurement.from) measurement.aboveFrom++;
      if (isAbove && measurement.wasAbove) measurement.pairs++;
      measurement.wasAbove = isAbove;
    }
    if ((this.#open[0]?.seen ?? 0) < MEASURED_SAMPLES) return NO_OUTCOMES;
    const done = this.#open.filter(({ seen }) => seen >= MEASURED_SAMPLES);
    // The oldest have seen the most.
    this.#open = this.#open.slice(done.length);
    return done.map((measurement) => outcomeOf(measurement, promisedRate));
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

function outcomeOf(measurement: OpenMeasurement, promisedRate: number): PromiseOutcome {
  const { actionId, before, seen, above, aboveFrom, pairs } = measurement;
  const after = above / seen - promisedRate;
  const expected = aboveFrom / seen - promisedRate;
  const samples = independentSamples(seen, Math.max(above, aboveFrom), pairs);
  // One more of either kind, so that none above is not taken for certainty.
  const low = (Math.min(above, aboveFrom) + 1) / (seen + 2);
  const high = (Math.max(above, aboveFrom) + 1) / (seen + 2);
  // Who is above the higher threshold is above the lower one; errors to both sides of the promise add up.
  const shared = (after * expected < 0 ? 2 : -2) * low * (1 - high);
  const noiseVariance = (low * (1 - low) + high * (1 - high) + shared) / samples;
  const errors = { before, after: Math.abs(after), expected: Math.abs(expected) };
  return { actionId, ...errors, noiseVariance, samples };
}

/** By the correlation of neighbours: exceedances come in runs. */
function independentSamples(count: number, above: number, pairs: number): number {
  const share = above / count;
  const spread = share * (1 - share);
  if (spread === 0) return count;
  const correlation = Math.min(0.9, Math.max(0, (pairs / (count - 1) - share * share) / spread));
  return Math.max(2, (count * (1 - correlation)) / (1 + correlation));
}
