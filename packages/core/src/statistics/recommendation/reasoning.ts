import { figure } from "../figure.ts";
import type { Moments } from "../quantile/moments.ts";
import type { Trend } from "../trend/trend.ts";
import { type Candidates, type Side, STRATEGIES, type Strategy } from "./strategies.ts";

/** From this skewness on a distribution is called skewed. */
export const SKEWED = 1;
/** From this kurtosis on tails are called heavy. */
const HEAVY_TAILS = 5;

const SUBJECTS: Record<Strategy, string> = {
  percentile: "The percentile",
  sigma: "Mean and deviation",
  iqr: "The interquartile range",
  adaptive: "The online threshold",
};

/** The reasoning of a recommendation: one sentence with numbers. */
export function explain(facts: {
  chosen: Strategy;
  forced: boolean;
  /** The strategy chosen first, which is less likely to keep the promised rate than `chosen`. */
  overruled: Strategy | undefined;
  suited: Strategy;
  shape: Moments;
  direction: Trend;
  losses: Candidates;
  above: number;
  exceedanceRate: number;
  side: Side;
}): string {
  const {
    chosen,
    forced,
    overruled,
    suited,
    shape,
    direction,
    losses,
    above,
    exceedanceRate,
    side,
  } = facts;
  const kind = isDrifting(direction)
    ? `${direction.direction} by ${short(Math.abs(direction.slope_per_hour))} an hour`
    : shape.stdDev === 0
      ? "constant"
      : shape.skewness > SKEWED
        ? `skewed (skewness ${short(shape.skewness)})`
        : shape.kurtosis > HEAVY_TAILS
          ? `heavy-tailed (kurtosis ${short(shape.kurtosis)})`
          : `about symmetric (skewness ${short(shape.skewness)})`;
  const others = STRATEGIES.filter((strategy) => strategy !== chosen);
  const next = others.reduce((best, strategy) =>
    losses[strategy] < losses[best] ? strategy : best,
  );
  const why = forced
    ? "was asked for"
    : overruled !== undefined
      ? `is likelier to keep the promised rate than ${overruled}`
      : chosen === suited
        ? "suits this shape and no other did clearly better in the backtest"
        : `did better in the backtest than ${suited}, which suits this shape`;
  // `join` makes one flat string: a string made with + keeps its parts, 1 KB more, as long as the recommendation is in force.
  return [
    `${SUBJECTS[chosen]} ${why} (loss ${short(losses[chosen])}, ${next} ${short(losses[next])}):`,
    `${shape.count} samples, ${kind}, mean ${short(shape.mean)}, deviation ${short(shape.stdDev)},`,
    `${percent(above / shape.count)} of them ${side === "upper" ? "above" : "below"} the value where ${percent(exceedanceRate)} are promised.`,
  ].join(" ");
}

const short = (x: number): string => figure(x, 4);
const percent = (share: number): string => `${short(share * 100)} %`;

/** Whether the series rises or falls. */
export function isDrifting({ direction }: Trend): boolean {
  return direction === "increasing" || direction === "decreasing";
}
