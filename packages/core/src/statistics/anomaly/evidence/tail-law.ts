/** Bins of a histogram of hourly maxima: six an octave. */
export const BINS = 64;
export const BINS_AN_OCTAVE = 6;
/** The bin that begins at the anchor: about the median of the hourly maxima. */
export const ANCHOR_BIN = 24;

/** Shares of the hours through whose maxima the law is drawn, and their heights, ln(−ln share). */
const SHARES = [0.5, 0.3, 0.1] as const;
const heightOf = (share: number): number => Math.log(-Math.log(share));
const HEIGHTS = SHARES.map(heightOf);
const MEAN_HEIGHT = HEIGHTS.reduce((sum, y) => sum + y / HEIGHTS.length, 0);
const SPREAD_OF_HEIGHTS = HEIGHTS.reduce((sum, y) => sum + (y - MEAN_HEIGHT) ** 2, 0);
/** Evidence grows beyond the maximum that this share of the hours passes. */
const REFERENCE = 0.1;
/**
 * The slope before anything is known (1 is an exponential tail, 1/2 a normal one), and so many hours that its weight equals.
 * Chosen on kpi, wsd, cloud, NAB's development half and 560 normal series (of 1.6, 1.9 and 2.1; of 4, 8, 16 and 30 hours).
 */
const USUAL_SLOPE = 1.9;
const USUAL_HOURS = 8;
/** The slope of sparse counts: of series that mostly repeat themselves, or of which most hours have no size at all. */
const SPARSE_SLOPE = 2.4;
const FEW_REPEATS = 0.6;
const MOST_REPEATS = 0.98;
/** Where hourly maxima tie, their slope is not known: at this share of ties it is the usual one at least. */
const MANY_TIES = 0.5;
const LEAST_SLOPE = 0.05;
/** An hour is told to be so many times rarer than the hours seen can say, and beyond that only slowly more. */
const BEYOND_SEEN = 30;
const BEYOND_RATE = 0.3;
/** A size that this share of hours would have is usual at a time of the day that had as much on most days. */
const USUAL_SHARE = 0.05;
const USUAL_HEIGHT = heightOf(USUAL_SHARE);
/** Below the reference, surprise falls to 0 within this many natural units of ln(size). */
const FADE = 2;
/** exp of more than this is beyond any surprise that counts. */
const LARGEST_POWER = 20;

/** How rare sizes are, as the hours before said it. */
export interface TailLaw {
  /** d ln(size) / d ln(−ln share). */
  slope: number;
  /** log2 of the maximum from which on surprise grows. */
  reference: number;
  /** Share of hours that pass it; 0 where no hour had a size. */
  share: number;
  /** Surprise beyond which it only creeps: log10(30 · (hours + 1)). */
  most: number;
}

/**
 * Draws the law of a series' hourly maxima: ln(maximum) = slope · ln(−ln(share of hours that pass it)) + constant, a Weibull law
 * (Weibull, 1951), through the maxima that 50, 30 and 10 % of the hours pass. Past incidents lie beyond those: they do not make
 * the next one look usual.
 *
 * @param bins Hours by bin, older ones weighing less. @param hours Their sum, the hours without a size included, above 0.
 * @param anchor log2 of the size at which bin 24 begins. @param ties Share of hours whose maximum was that of the hour before.
 * @param repeats Share of samples that repeat the one before.
 * Cost: O(bins), about 0.3 µs. Sources: the calibrated ensemble in which these were chosen; extreme-value limits of time series are
 * Siffer, Fouque, Termier and Largouët's (KDD 2017).
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

/** How surprising a size is: −log10 of the share of hours whose largest is as large, 0 where it is usual. */
export function surpriseOf(law: Readonly<TailLaw>, size: number): number {
  if (!(size > 0)) return 0;
  // No hour had any size: the first one is as rare as the hours can say.
  if (law.share === 0) return law.most;
  const beyond = (Math.log2(size) - law.reference) * Math.LN2;
  if (beyond <= 0) return Math.max(0, -Math.log10(law.share) * (1 + beyond / FADE));
  const surprise = powerOf(heightOf(law.share) + beyond / law.slope);
  const excess = surprise - law.most;
  return excess > 0 ? law.most + BEYOND_RATE * Math.log1p(excess) : surprise;
}

/** The same at a time of the day at which most days had a size of `usual`: what returns daily is less surprising. Infinity where it is 0. */
export const surpriseBeyond = (law: Readonly<TailLaw>, size: number, usual: number): number =>
  usual > 0 ? powerOf(USUAL_HEIGHT + Math.log(size / usual) / law.slope) : Number.POSITIVE_INFINITY;

/** The size that an hour passes with a probability, as the law has it; undefined where no hour had a size. */
export function sizeOf(law: Readonly<TailLaw>, share: number): number | undefined {
  if (law.share === 0) return undefined;
  return 2 ** law.reference * Math.exp(law.slope * (heightOf(share) - heightOf(law.share)));
}

/** Octaves from the anchor that so many of the hours pass. */
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
