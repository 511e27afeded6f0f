/** Number of samples on which a changed threshold is measured. */
const MEASURED_SAMPLES = 100;
/** Number of changes that are measured at the same time. */
const MAX_OPEN = 4;

interface OpenMeasurement {
  readonly actionId: string;
  /** Distance by which the change raised the threshold. */
  readonly moved: number;
  readonly before: number;
  /** Distance by which later changes have raised the threshold. */
  since: number;
  seen: number;
  above: number;
  /** Number of the same samples above the threshold without the change. */
  aboveFrom: number;
  /** Number of samples above the lower of both thresholds whose predecessor also was. */
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
  /** The absolute error that the threshold without the change would have on the samples after the change. */
  readonly expected: number;
  /** Variance of `after` − `expected` by chance alone. */
  readonly noiseVariance: number;
  /** Effective number of independent samples among the measured ones, ≥ 2. */
  readonly samples: number;
}

/**
 * Measures the outcome of changed thresholds: the distance of the exceedance rate from the promised one, on about 100 samples
 * before the change and on the 100 after. The latter also give the rate without the change.
 *
 * Source: McNemar (1947), Psychometrika 12(2), 153–157, on paired shares.
 * Cost: O(1) a sample while something is measured, nothing otherwise.
 */
export class ThresholdPromise {
  /** Measurements, oldest first. Always a copied list: a list that `push` has grown reserves memory for 16 more entries. */
  #open: readonly OpenMeasurement[] = [];

  get active(): boolean {
    return this.#open.length > 0;
  }

  /** Excludes an unmeasured change from the open measurements. @param moved Distance by which the change raised the threshold. */
  disturb(moved: number): void {
    for (const measurement of this.#open) measurement.since += moved;
  }

  /** @param moved Distance by which the change raised the threshold. @param before Error of the rate before the change. */
  begin(actionId: string, moved: number, before: number): void {
    this.disturb(moved);
    const counted = { since: 0, seen: 0, above: 0, aboveFrom: 0, pairs: 0, wasAbove: false };
    this.#open = [...this.#open, { actionId, moved, before, ...counted }].slice(-MAX_OPEN);
  }

  /** Takes the next sample and the threshold in force for the sample. @returns Outcomes of measurements that the sample completes. */
  update(value: number, threshold: number, promisedRate: number): readonly PromiseOutcome[] {
    for (const measurement of this.#open) {
      measurement.seen++;
      const own = threshold - measurement.since;
      const without = own - measurement.moved;
      const isAbove = value > Math.min(without, own);
      if (value > own) measurement.above++;
      if (value > without) measurement.aboveFrom++;
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
    // Measurements before schema 6 compare two constant thresholds and cannot continue on a curve.
    restored.#open = snapshot.filter(({ moved }) => moved !== undefined).map((one) => ({ ...one }));
    return restored;
  }
}

function outcomeOf(measurement: OpenMeasurement, promisedRate: number): PromiseOutcome {
  const { actionId, before, seen, above, aboveFrom, pairs } = measurement;
  const after = above / seen - promisedRate;
  const expected = aboveFrom / seen - promisedRate;
  const samples = independentSamples(seen, Math.max(above, aboveFrom), pairs);
  // Laplace's rule adds one sample of each kind, so that a count of 0 does not give a variance of 0.
  const low = (Math.min(above, aboveFrom) + 1) / (seen + 2);
  const high = (Math.max(above, aboveFrom) + 1) / (seen + 2);
  // Every sample above the higher threshold is above the lower one, so both shares are correlated. The covariance lowers the
  // variance, except where the two errors lie on opposite sides of the promised rate.
  const shared = (after * expected < 0 ? 2 : -2) * low * (1 - high);
  const noiseVariance = (low * (1 - low) + high * (1 - high) + shared) / samples;
  const errors = { before, after: Math.abs(after), expected: Math.abs(expected) };
  return { actionId, ...errors, noiseVariance, samples };
}

/** Effective sample size by the lag-1 autocorrelation, since exceedances come in runs. */
function independentSamples(count: number, above: number, pairs: number): number {
  const share = above / count;
  const spread = share * (1 - share);
  if (spread === 0) return count;
  const correlation = Math.min(0.9, Math.max(0, (pairs / (count - 1) - share * share) / spread));
  return Math.max(2, (count * (1 - correlation)) / (1 + correlation));
}
