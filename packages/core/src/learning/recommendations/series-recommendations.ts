import type { SeriesSettings } from "../../contract/index.ts";
import {
  type Recommendation,
  recommend,
  type SampleWindow,
  type Side,
} from "../../statistics/index.ts";
import type { SeriesEvent } from "../events.ts";
import { knownSeason, type Samples } from "../learnable-samples.ts";
import {
  boundedThreshold,
  followsOnline,
  learnedSides,
  localOffset,
  recommendationOptions,
} from "../rules/series-options.ts";
import type { SideThresholds } from "../thresholds/side-thresholds.ts";
import type { RecommendationHistory } from "./recommendation-history.ts";

/** The recommendation for one side of a series. */
export interface SideRecommendation {
  readonly side: Side;
  readonly recommendation: Recommendation;
}

/**
 * `recommendationsOf` gives a recommendation for each learned side, the upper one first. Each lies within the bounds of the
 * settings; under 16 samples there is none.
 *
 * @param learnable Gives the samples to learn from; called once a side, since all series share the memory of these samples.
 * Cost: O(window), below 0.2 ms for 10,000 samples.
 */
export function recommendationsOf(
  window: SampleWindow,
  settings: SeriesSettings,
  sides: SideThresholds,
  learnable: () => Samples,
): SideRecommendation[] {
  const found: SideRecommendation[] = [];
  const season = knownSeason(window, settings, sides.adaptive);
  for (const side of learnedSides(settings)) {
    const [times, values] = learnable();
    const made = recommend(values, times, {
      ...recommendationOptions(settings),
      side,
      ...season,
      ...onlineAt(window.newestTime, settings, sides, side),
    });
    if (made !== null) found.push({ side, recommendation: boundedRecommendation(made, settings) });
  }
  return found;
}

/** The online threshold of a side at the newest sample, with its sample count, spread and tolerance. */
function onlineAt(
  time: number | undefined,
  settings: SeriesSettings,
  sides: SideThresholds,
  side: Side,
) {
  const adaptive = sides.get(side)?.adaptive;
  if (adaptive === undefined || time === undefined) return {};
  const { spread, count: learned, dispersion, tail } = adaptive;
  const looseness = settings.threshold_tolerance / tail;
  const adaptiveValue = adaptive.value(time + localOffset(settings, time));
  return { adaptiveValue, spread, learned, dispersion, looseness };
}

/** Clamps a recommendation to the bounds of the settings, and says so in its reasoning. */
function boundedRecommendation(
  recommendation: Recommendation,
  settings: SeriesSettings,
): Recommendation {
  const { recommended_value: learned, reasoning } = recommendation;
  const bounded = boundedThreshold(learned, settings);
  if (bounded === learned) return recommendation;
  const bound = bounded === settings.maximum ? "maximum" : "minimum";
  return {
    ...recommendation,
    recommended_value: bounded,
    reasoning: `${reasoning} Held at the ${bound} of ${bounded}.`,
  };
}

/**
 * `keep` adds recommendations of an event time (ms) to the history, from which the next recommendation is scheduled.
 *
 * @throws {StatsError} as {@link RecommendationHistory.add}
 */
export function keep(
  history: RecommendationHistory,
  time: number,
  found: readonly SideRecommendation[],
): void {
  for (const { side, recommendation } of found) {
    const { recommended_value, confidence, strategy, provisional } = recommendation;
    history.add({ time, side, recommended_value, confidence, strategy, provisional });
  }
}

/**
 * Each event of a recommendation also holds the threshold in force and how fast that threshold follows the online threshold:
 * the feedback service computes the size of a change from both.
 */
export const toldRecommendations = (
  time: number,
  found: readonly SideRecommendation[],
  settings: SeriesSettings,
  sides: SideThresholds,
): SeriesEvent[] =>
  found.map(({ side, recommendation }) => {
    const own = sides.get(side);
    const inForce = own?.usableAt(time) ?? null;
    const rate = followsOnline(settings) ? own?.rate : undefined;
    return { type: "recommendation", time, side, recommendation, inForce, rate };
  });
