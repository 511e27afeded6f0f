import { requireFinite, requireSnapshot } from "../errors.ts";

/** Examples, as a weight, that the forecast looks back on. */
const HORIZON = 100;
/** Least weight of examples from which there is a forecast. */
const LEAST_EXAMPLES = 12;
/** The slopes shrink as if one more example had shown none. */
const PRIOR_EXAMPLES = 1;
/** Noise is never taken for less than this share of the level. */
const LEAST_NOISE = 1e-3;
/** A mean farther than this from the earlier means, in their standard deviations, is a new level and no extreme. */
const NEW_LEVEL = 3;
const PLACES = 10;

/** How an objective stands when an action is considered. */
export interface Standing {
  /** The newest value. */
  readonly last: number;
  /** Mean of the newest values. */
  readonly mean: number;
}

/** What the next mean will be if nobody acts, and how sure that is. */
export interface Forecast {
  readonly expected: number;
  /** Variance of the next mean around `expected`, what is not known of the forecast included. */
  readonly variance: number;
  /** Degrees of freedom of that variance, > 0. */
  readonly freedom: number;
}

/** State of a {@link BaselineForecast}: weight, means of (last, mean, next mean), their sums of products. */
export type BaselineForecastSnapshot = readonly number[];

/**
 * Forecasts the mean of an objective's next values from its newest value and the mean of its newest values:
 * what would have come without an action.
 *
 * Actions begin when an objective is extreme, and an extreme objective goes back to its mean without an action. So the value
 * after an action is compared with this forecast, not with the value before. The forecast is a regression of "after" on
 * "before" (analysis of covariance), learned where nobody acted. The residuals are those of whole means, so residuals contain
 * noise and its autocorrelation. A mean beyond `NEW_LEVEL` is a new level, which is expected to stay.
 *
 * Sources: Bland and Altman (1994), BMJ 308, 1499, on regression towards the mean; Vickers and Altman (2001),
 * BMJ 323, 1123–1124, on analysing controlled trials with baseline and follow up measurements.
 *
 * Cost: O(1) an example and a forecast; 10 numbers. Deterministic.
 */
export class BaselineForecast {
  readonly #sums: number[];

  constructor(snapshot: BaselineForecastSnapshot = Array<number>(PLACES).fill(0)) {
    requireSnapshot(
      snapshot.length === PLACES && snapshot.every(Number.isFinite) && (snapshot[0] ?? -1) >= 0,
      "not a baseline forecast",
    );
    this.#sums = [...snapshot];
  }

  /**
   * Learns what came after a standing.
   *
   * @param next Mean of the values that followed.
   * @param weight What it counts: examples that overlap count less. 0–1.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE
   */
  learn({ last, mean }: Standing, next: number, weight: number): void {
    requireFinite(last + mean + next, "an objective");
    const sums = this.#sums;
    const kept = 1 - weight / HORIZON;
    const before = sums[0]! * kept;
    const total = before + weight;
    const share = weight / total;
    const joint = before * share;
    const dLast = last - sums[1]!;
    const dMean = mean - sums[2]!;
    const dNext = next - sums[3]!;
    sums[0] = total;
    sums[1]! += share * dLast;
    sums[2]! += share * dMean;
    sums[3]! += share * dNext;
    sums[4] = sums[4]! * kept + joint * dLast * dLast;
    sums[5] = sums[5]! * kept + joint * dLast * dMean;
    sums[6] = sums[6]! * kept + joint * dMean * dMean;
    sums[7] = sums[7]! * kept + joint * dLast * dNext;
    sums[8] = sums[8]! * kept + joint * dMean * dNext;
    sums[9] = sums[9]! * kept + joint * dNext * dNext;
  }

  /** What will come after this standing; undefined while too little is known. */
  forecast({ last, mean }: Standing): Forecast | undefined {
    const [weight, meanLast, meanMean, meanNext, ...products] = this.#sums as [
      number,
      number,
      number,
      number,
      ...number[],
    ];
    if (weight < LEAST_EXAMPLES) return undefined;
    const [ll, lm, mm, ln, mn, nn] = products as [number, number, number, number, number, number];
    const tiny = Number.MIN_VALUE + (LEAST_NOISE * meanNext) ** 2;
    const a = ll * (1 + PRIOR_EXAMPLES / weight) + tiny;
    const d = mm * (1 + PRIOR_EXAMPLES / weight) + tiny;
    const determinant = a * d - lm * lm;
    const slopeLast = (d * ln - lm * mn) / determinant;
    const slopeMean = (a * mn - lm * ln) / determinant;
    const dLast = last - meanLast;
    const dMean = mean - meanMean;
    const unexplained =
      nn -
      2 * (slopeLast * ln + slopeMean * mn) +
      slopeLast * slopeLast * ll +
      2 * slopeLast * slopeMean * lm +
      slopeMean * slopeMean * mm;
    const freedom = weight - 3;
    const noise = Math.max(unexplained / freedom, tiny);
    if (dMean * dMean > (NEW_LEVEL * NEW_LEVEL * mm) / weight)
      return { expected: mean, variance: 2 * noise, freedom };
    const leverage = (d * dLast * dLast - 2 * lm * dLast * dMean + a * dMean * dMean) / determinant;
    return {
      expected: meanNext + slopeLast * dLast + slopeMean * dMean,
      variance: noise * (1 + 1 / weight + Math.max(0, leverage)),
      freedom,
    };
  }

  snapshot(): BaselineForecastSnapshot {
    return [...this.#sums];
  }
}
