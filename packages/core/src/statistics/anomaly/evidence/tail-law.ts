/** Bins of a histogram of hourly maxima, six per octave. */
export const BINS = 64;
export const BINS_AN_OCTAVE = 6;
/** The bin that begins at the anchor. The anchor is about the median of the hourly maxima. */
export const ANCHOR_BIN = 24;

/** The law is fitted to the maxima that 50, 30 and 10 % of the hours pass; the height of a share is ln(−ln share). */
const SHARES = [0.5, 0.3, 0.1] as const;
const heightOf = (share: number): number => Math.log(-Math.log(share));
const HEIGHTS = SHARES.map(heightOf);
const MEAN_HEIGHT = HEIGHTS.reduce((sum, y) => sum + y / HEIGHTS.length, 0);
const SPREAD_OF_HEIGHTS = HEIGHTS.reduce((sum, y) => sum + (y - MEAN_HEIGHT) ** 2, 0);
/** The reference is the maximum that this share of the hours passes; surprise follows the law above the reference. */
const REFERENCE = 0.1;
/**
 * Prior of the slope (1 is an exponential tail, 1/2 a normal one), with the weight of 8 hours. Chosen on kpi, wsd, cloud, NAB's
 * development half and 560 normal series (slope from 1.6, 1.9 and 2.1; weight from 4, 8, 16 and 30 hours).
 */
const USUAL_SLOPE = 1.9;
const USUAL_HOURS = 8;
/** Slope for sparse counts: series in which most samples repeat the sample before, or most hours have size 0. */
const SPARSE_SLOPE = 2.4;
const FEW_REPEATS = 0.6;
const MOST_REPEATS = 0.98;
/** Equal maxima (ties) make the fitted slope too small: from this share of ties on, the slope is at least the prior. */
const MANY_TIES = 0.5;
const LEAST_SLOPE = 0.05;
/** Limits extrapolation: surprise follows the law up to one hour in 30 times the hours seen, and grows only logarithmically above. */
const BEYOND_SEEN = 30;
const BEYOND_RATE = 0.3;
/** A size that most days have at this time of the day counts as a size that this share of the hours passes. */
const USUAL_SHARE = 0.05;
const USUAL_HEIGHT = heightOf(USUAL_SHARE);
/** Below the reference, surprise falls linearly to 0 while ln(size) falls by this much. */
const FADE = 2;
/** Limit of the exponent, so that no surprise overflows. */
const LARGEST_POWER = 20;

/** The fitted law of the hourly maxima of one family. */
export interface TailLaw {
  /** d ln(size) / d ln(−ln share). */
  slope: number;
  /** log2 of the maximum above which surprise follows the law. */
  reference: number;
  /** Share of the hours that pass the reference; 0 if every hour had size 0. */
  share: number;
  /** Surprise above which surprise grows only logarithmically: log10(30 · (hours + 1)). */
  most: number;
}

/**
 * Fits a Weibull law (Weibull, 1951) to a series' hourly maxima: ln(maximum) = slope · ln(−ln(share of hours that pass the maximum))
 * + constant, through the maxima that 50, 30 and 10 % of the hours pass. Past incidents lie beyond these three maxima, so a past
 * incident does not make the next one look usual.
 *
 * @param bins Weight of the hours by bin; older hours have less weight. @param hours Weight of all hours, those of size 0 included, > 0.
 * @param anchor log2 of the size at which bin 24 begins. @param ties Share of hours whose maximum was that of the hour before.
 * @param repeats Share of samples that equal the sample before.
 * Cost: O(bins), about 0.3 µs. Sources: the calibrated ensemble in which these constants were chosen; extreme-value limits of time
 * series: Siffer, Fouque, Termier and Largouët (KDD 2017).
 */
export function drawLaw(
  bins: ArrayLike<number>,
  hours: number,
  anchor: number,
  ties: number,
  repeats: number,
): TailLaw {
  let sized = 0;
  for (let bin = 0; bin < BINS; bin++) sized += bins[bin]!;
  const share = sized / hours;
  let slope = SPARSE_SLOPE;
  if (share > SHARES[0]) {
    const places = SHARES.map((p) => passedBy(bins, p * hours));
    const drawn = slopeThrough(places);
    const weight = SHARES[1] * hours;
    slope = (weight * drawn + USUAL_HOURS * USUAL_SLOPE) / (weight + USUAL_HOURS);
    if (slope < USUAL_SLOPE) slope += (USUAL_SLOPE - slope) * Math.min(1, ties / MANY_TIES);
  }
  if (slope < SPARSE_SLOPE) {
    const sparse = (repeats - FEW_REPEATS) / (MOST_REPEATS - FEW_REPEATS);
    slope += (SPARSE_SLOPE - slope) * Math.min(1, Math.max(0, sparse));
  }
  const referenceShare = share > 2 * REFERENCE ? REFERENCE : share / 2;
  return {
    slope: Math.max(LEAST_SLOPE, slope),
    reference: referenceShare > 0 ? anchor + passedBy(bins, referenceShare * hours) : 0,
    share: referenceShare,
    most: Math.log10(BEYOND_SEEN * (hours + 1)),
  };
}

/** The surprise of a size: −log10 of the share of hours whose maximum is at least as large; 0 for a usual size. */
export function surpriseOf(law: Readonly<TailLaw>, size: number): number {
  if (!(size > 0)) return 0;
  // Every hour so far had size 0: the first size above 0 gets the largest surprise that the law supports.
  if (law.share === 0) return law.most;
  const beyond = (Math.log2(size) - law.reference) * Math.LN2;
  if (beyond <= 0) return Math.max(0, -Math.log10(law.share) * (1 + beyond / FADE));
  const surprise = powerOf(heightOf(law.share) + beyond / law.slope);
  const excess = surprise - law.most;
  return excess > 0 ? law.most + BEYOND_RATE * Math.log1p(excess) : surprise;
}

/** The surprise of a size at a time of the day at which most days have the size `usual`. Infinity if `usual` is 0. */
export const surpriseBeyond = (law: Readonly<TailLaw>, size: number, usual: number): number =>
  usual > 0 ? powerOf(USUAL_HEIGHT + Math.log(size / usual) / law.slope) : Number.POSITIVE_INFINITY;

/** The size that a share of the hours passes according to the law; undefined if every hour had size 0. */
export function sizeOf(law: Readonly<TailLaw>, share: number): number | undefined {
  if (law.share === 0) return undefined;
  return 2 ** law.reference * Math.exp(law.slope * (heightOf(share) - heightOf(law.share)));
}

/** The maximum that `hours` of the hours pass, in octaves from the anchor. */
export function passedBy(bins: ArrayLike<number>, hours: number): number {
  let passed = 0;
  for (let bin = BINS - 1; bin >= 0; bin--) {
    const here = bins[bin]!;
    if (here <= 0) continue;
    if (passed + here >= hours)
      return (bin + 1 - (hours - passed) / here - ANCHOR_BIN) / BINS_AN_OCTAVE;
    passed += here;
  }
  return -ANCHOR_BIN / BINS_AN_OCTAVE;
}

/** Least-squares slope of ln(size), from octaves, on the heights of the three shares. */
function slopeThrough(places: readonly number[]): number {
  const mean = places.reduce((sum, place) => sum + place / places.length, 0);
  const product = places.reduce(
    (sum, place, i) => sum + (HEIGHTS[i]! - MEAN_HEIGHT) * (place - mean),
    0,
  );
  return (product / SPREAD_OF_HEIGHTS) * Math.LN2;
}

/** −log10 of exp(−exp(height)). */
const powerOf = (height: number): number => Math.exp(Math.min(LARGEST_POWER, height)) / Math.LN10;
