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

/** What the window of a series says about the threshold of one side. */
export interface SideRecommendation {
  readonly side: Side;
  readonly recommendation: Recommendation;
}

/**
 * `recommendationsOf` never leaves the bounds of the settings, and finds nothing under 16 samples. It says what a window
 * holds now for each threshold that is learned, the upper one first.
 *
 * @param learnable The samples to learn from, asked for once a side, since all samples share their memory.
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

/** The online threshold of a side at the newest sample, and what is known of how it is kept. */
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

/** A recommendation within the bounds, which says so. */
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
 * `keep` puts recommendations of an event time (ms) into the history, by which the next one is scheduled.
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
 * An event of a recommendation stands beside the threshold that it starts from, so that who applies it knows how far it
 * goes, and beside how fast that threshold follows what is learned.
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
