import type { Moments } from "../quantile/moments.ts";
import type { Trend } from "../trend/trend.ts";
import { isDrifting, SKEWED } from "./reasoning.ts";
import { type Candidates, STRATEGIES, type Strategy } from "./strategies.ts";

/** An online threshold needs this many samples to be more than a guess. */
export const ADAPTIVE_POINTS = 100;
/** The suited strategy is kept unless the backtest loss of another strategy is lower by more than this share. */
const LOSS_MARGIN = 0.05;
/** Losses that differ by less than this share are equal: otherwise rounding, and so the unit of the values, would choose. */
const ROUNDING = 1e-9;
/** Up to this kurtosis tails are called light. */
const LIGHT_TAILS = 3.5;
/** Up to this many samples a deviation is known better than a tail quantile. */
const FEW_POINTS = 60;

/** The usual strategy for a shape; `chooseStrategy` takes another one only where the backtest clearly favours that one. */
export function suitedStrategy(shape: Moments, direction: Trend): Strategy {
  if (isDrifting(direction) && shape.count >= ADAPTIVE_POINTS) return "adaptive";
  if (shape.skewness > SKEWED) return "iqr";
  return shape.count <= FEW_POINTS && shape.stdDev > 0 && shape.kurtosis <= LIGHT_TAILS
    ? "sigma"
    : "percentile";
}

/** The suited strategy, or the one with the least loss if lower by more than 5 %: close losses never make the strategy jump. */
export function chooseStrategy(suited: Strategy, losses: Candidates, count: number): Strategy {
  let best = suited;
  for (const strategy of STRATEGIES) {
    if (strategy === "adaptive" && count < ADAPTIVE_POINTS) continue;
    if (losses[strategy] < losses[best] * (1 - ROUNDING)) best = strategy;
  }
  return losses[suited] <= losses[best] * (1 + LOSS_MARGIN) ? suited : best;
}

/** The strategy whose confidence is compared with that of `chosen`: "adaptive" with an online threshold, else "percentile". */
export function likelierOf(chosen: Strategy, count: number, online: number | undefined): Strategy {
  if (online !== undefined && count >= ADAPTIVE_POINTS) return "adaptive";
  return chosen === "sigma" || chosen === "iqr" ? "percentile" : chosen;
}
