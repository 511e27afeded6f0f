/** Samples on which a changed threshold is measured, before and after. */
const MEASURED_SAMPLES = 100;
/** Changes that are measured at the same time. */
const MAX_OPEN = 4;

interface OpenMeasurement {
  readonly actionId: string;
  /** How far up the change moved the threshold. */
  readonly moved: number;
  readonly before: number;
  /** How far up later changes have moved it. */
  since: number;
  seen: number;
  above: number;
  /** Above the threshold without the change, of the same samples. */
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
 * Measures what became of changed thresholds: how far the share of samples above them is from the promised rate, on the
 * about 100 samples before the change and the 100 after it; on the latter also what it would be without the change.
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

  /** A change that is not measured: what is measured stays without it. @param moved How far up it moved the threshold. */
  disturb(moved: number): void {
    for (const measurement of this.#open) measurement.since += moved;
  }

  /** @param moved How far up the change moved the threshold. @param before Error of the rate before it. */
  begin(actionId: string, moved: number, before: number): void {
    this.disturb(moved);
    const counted = { since: 0, seen: 0, above: 0, aboveFrom: 0, pairs: 0, wasAbove: false };
    this.#open = [...this.#open, { actionId, moved, before, ...counted }].slice(-MAX_OPEN);
  }

  /** Takes the next sample, and the threshold in force for it; the outcomes that it completes. */
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
    // Before schema 6 two constant thresholds were measured, which no curve can be compared with.
    restored.#open = snapshot.filter(({ moved }) => moved !== undefined).map((one) => ({ ...one }));
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
