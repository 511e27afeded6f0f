import {
  type FeedbackInput,
  type Recommendation,
  seriesKey,
  type ThresholdSide,
} from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { send } from "../actions/commands.ts";
import {
  influenceOf,
  influenceSpent,
  type WithoutEffect,
  weightOf,
} from "../sources/source-limits.ts";
import type { Turn } from "../state.ts";
import type { LoopRules, Signal } from "./loop-rules.ts";
import { decideOn } from "./threshold-proposal.ts";
import { thresholdApplied, thresholdRefused } from "./thresholds-in-force.ts";

type RecommendationInput = Extract<FeedbackInput, { kind: "recommendation" }>;

/** Mean absolute deviation of a normal variable over its interquartile range. */
const DEVIATION_PER_RANGE = 0.5915;

const subjectOf = (series: string, side: ThresholdSide | undefined): string =>
  side === "lower" ? `${series}#lower` : series;

/** Acts on a recommendation of the learner, and remembers the threshold that the learner reports as in force. */
export function receiveRecommendation(
  turn: Turn,
  signalId: string,
  input: RecommendationInput,
  acts: boolean,
): void {
  const { recommendation, in_force: inForce } = input;
  const { metric, labels, side } = recommendation;
  const series = seriesKey(turn.state.system, metric, labels);
  const subject = subjectOf(series, side);
  const known = turn.state.thresholds.get(subject);
  const tentative = known?.tentative === true && known.value === inForce;
  const spread = spreadOf(recommendation) ?? known?.spread ?? null;
  if (inForce === null) turn.state.thresholds.delete(subject);
  else {
    const scale = scaleOf(recommendation) ?? known?.scale ?? null;
    const { movedBy } = known ?? {};
    turn.state.thresholds.set(subject, { value: inForce, scale, spread, tentative, movedBy });
  }
  const rate = input.in_force_rate;
  if (!acts) {
    if (rate !== undefined && rate > 0) stopFollowing(turn, signalId, input);
    return;
  }
  if (recommendation.provisional) return;
  decideOn(turn, {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    value: recommendation.recommended_value,
    at: recommendation.timestamp,
    confidence: recommendation.confidence,
    strategy: recommendation.strategy,
    reasoning: recommendation.reasoning,
    source: "recommendation",
    inForce: tentative ? undefined : (inForce ?? undefined),
    follows: rate !== 0,
    scale: null,
    spread,
    weight: 1,
    influence: undefined,
  });
}

/** Freezes a threshold that follows the learned one: while the loop is disabled, the learner would otherwise go on moving it. */
function stopFollowing(
  turn: Turn,
  signalId: string,
  { recommendation, in_force: inForce }: RecommendationInput,
): void {
  if (inForce === null) return;
  const { metric, labels, side, strategy, confidence } = recommendation;
  send(turn, `${turn.state.system}.metrics_learning.stop.${signalId}`, {
    name: "set_threshold",
    metric,
    labels,
    ...(side !== undefined && { side }),
    threshold: inForce,
    moved_from: inForce,
    rate: 0,
    strategy,
    confidence,
    reasoning: "the loop metrics_learning is disabled: it stays what it is",
    source: "recommendation",
  });
}

/** Usual deviation of a series, the unit of `min_change`: as the learner reports it, or estimated from its interquartile range. */
function spreadOf(recommendation: Recommendation): number | undefined {
  const { spread } = recommendation.supporting_data;
  if (typeof spread === "number" && spread > 0) return spread;
  const scale = scaleOf(recommendation);
  return scale === undefined ? undefined : scale * DEVIATION_PER_RANGE;
}

/** Interquartile range of the window behind a recommendation, > 0; undefined where it is 0 or not reported. */
function scaleOf({ supporting_data: { p25, p75 } }: Recommendation): number | undefined {
  const range = typeof p25 === "number" && typeof p75 === "number" ? p75 - p25 : 0;
  return range > 0 ? range : undefined;
}

/**
 * Acts on a threshold that a source proposes. Where none is in force, the proposal uses up the source's whole
 * influence and holds until the learner recommends a threshold. A threshold of 0 can be moved only where the
 * scale of the series is known, because a move from 0 has no factor.
 *
 * @returns Why the proposal has no effect; undefined where it may have one.
 */
function receive(
  turn: Turn,
  { id: signalId, source: sender, body, acts }: Signal<"metrics_learning">,
): WithoutEffect | undefined {
  if (!acts) return undefined;
  const { parameter: metric, labels = {}, side, threshold_value: value, confidence } = body;
  const series = seriesKey(turn.state.system, metric, labels);
  const subject = subjectOf(series, side);
  const known = turn.state.thresholds.get(subject);
  const inForce = known?.tentative ? undefined : known?.value;
  const scale = known?.scale ?? null;
  const influence = influenceOf(turn.state, sender, "threshold", subject);
  const hasMeasure = inForce === undefined ? influence.whole : inForce !== 0 || scale !== null;
  if (influence.spent || !hasMeasure) return influenceSpent(turn.state, sender);
  decideOn(turn, {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    value,
    at: undefined,
    confidence,
    strategy: "manual",
    reasoning: `proposed by ${sender.name} with confidence ${figure(confidence)}`,
    source: "signal",
    inForce,
    follows: true,
    scale,
    spread: known?.spread ?? null,
    weight: weightOf(turn.state.settings, sender),
    influence,
  });
  return undefined;
}

export const metricsLearning: LoopRules<"metrics_learning"> = {
  // Exceedance rate within a hundredth of the promised one.
  goal: 0.01,
  receive,
  onApplied: thresholdApplied,
  onRefused: thresholdRefused,
};
