import {
  type FeedbackInput,
  type Labels,
  type MetricsLearningSignal,
  seriesKey,
} from "@mapek/core/messages";
import type { OpenAction } from "./action-book.ts";
import { begin } from "./actions.ts";
import { figure } from "./figure.ts";
import {
  type Influence,
  influenceOf,
  influenceSpent,
  type WithoutEffect,
  weightOf,
  withinInfluence,
} from "./source-limits.ts";
import type { Turn } from "./state.ts";

type RecommendationInput = Extract<FeedbackInput, { kind: "recommendation" }>;

interface Proposal {
  signalId: string;
  series: string;
  metric: string;
  labels: Labels;
  value: number;
  confidence: number;
  strategy: string;
  reasoning: string;
  source: "recommendation" | "signal";
  inForce: number | undefined;
  /** How much its source counts, 0–1. */
  weight: number;
  /** What its source may still move; undefined for the learner's own. */
  influence: Influence | undefined;
}

/** A recommendation of the learner, with the threshold that it says is in force. */
export function receiveRecommendation(
  turn: Turn,
  signalId: string,
  input: RecommendationInput,
  acts: boolean,
): void {
  const { recommendation, in_force: inForce } = input;
  const { metric, labels } = recommendation;
  const series = seriesKey(turn.state.system, metric, labels);
  if (inForce === null) turn.state.thresholds.delete(series);
  else turn.state.thresholds.set(series, inForce);
  if (!acts || recommendation.provisional) return;
  decide(turn, {
    signalId,
    series,
    metric,
    labels,
    value: recommendation.recommended_value,
    confidence: recommendation.confidence,
    strategy: recommendation.strategy,
    reasoning: recommendation.reasoning,
    source: "recommendation",
    inForce: inForce ?? undefined,
    weight: 1,
    influence: undefined,
  });
}

/**
 * A threshold that somebody proposes. A move from none, or from 0, has no measure: it takes all that its
 * source may move, and nothing less is enough for it.
 */
export function receiveProposal(
  turn: Turn,
  signalId: string,
  sender: string,
  body: MetricsLearningSignal,
  acts: boolean,
): WithoutEffect | undefined {
  if (!acts) return undefined;
  const { parameter: metric, labels = {}, threshold_value: value, confidence } = body;
  const series = seriesKey(turn.state.system, metric, labels);
  const inForce = turn.state.thresholds.get(series);
  const influence = influenceOf(turn.state, sender, "threshold", series);
  if (influence.spent || (!inForce && !influence.whole)) return influenceSpent(turn.state, sender);
  decide(turn, {
    signalId,
    series,
    metric,
    labels,
    value,
    confidence,
    strategy: "manual",
    reasoning: `proposed by ${sender} with confidence ${figure(confidence)}`,
    source: "signal",
    inForce,
    weight: weightOf(turn.state.settings, sender),
    influence,
  });
  return undefined;
}

/**
 * Moves the threshold in force toward the proposed one by learning rate · damping where confidence
 * and change are large enough. Where none is known to be in force the proposal becomes it, whole.
 * While a series waits for a confirmation its further proposals lead to nothing.
 */
function decide(turn: Turn, proposal: Proposal): void {
  const { state } = turn;
  const { series, value, confidence, inForce, influence, weight } = proposal;
  const { book, damping } = state.loops.metrics_learning;
  if (book.isPending(series)) return;
  const proposed = `${proposal.source} ${figure(value)} with confidence ${figure(confidence)}`;
  if (inForce === undefined) {
    const reason = `${proposed}: no threshold was in force`;
    influence?.use(influence.left);
    apply(turn, proposal, value, 1, reason);
    return;
  }
  const { min_confidence: minConfidence, min_change: minChange } = state.settings;
  const change = Math.abs(value - inForce) / Math.abs(inForce);
  if (value === inForce || confidence < minConfidence || change < minChange) return;
  const rate = state.learningRate * damping * weight;
  const wanted = inForce + rate * (value - inForce);
  const next = influence === undefined ? wanted : withinReach(inForce, wanted, influence);
  const bounded = next === wanted ? "" : `, to ${figure(next)}: as far as one source may move it`;
  const reason = `${proposed}, ${figure(change * 100)} % from ${figure(inForce)} in force: moved by ${figure(rate)} of the way${bounded}`;
  apply(turn, proposal, next, rate, reason);
}

/**
 * The wanted threshold, or one as near to it as its source may move it. What is left is a factor, so that
 * no source moves a threshold to zero or through it.
 */
function withinReach(inForce: number, wanted: number, influence: Influence): number {
  if (inForce === 0) {
    influence.use(influence.left);
    return wanted;
  }
  const factor = withinInfluence(Math.max(wanted / inForce, 0), influence);
  influence.use(Math.abs(Math.log(factor)));
  return factor === wanted / inForce ? wanted : inForce * factor;
}

function apply(turn: Turn, proposal: Proposal, threshold: number, rate: number, reason: string) {
  const { signalId, series, metric, labels, confidence, strategy, reasoning, source, inForce } =
    proposal;
  begin(turn, "metrics_learning", {
    signalId,
    subject: series,
    target: { service: "learner", setting: "threshold", series },
    command: {
      name: "set_threshold",
      metric,
      labels,
      threshold,
      strategy,
      confidence,
      reasoning,
      source,
    },
    reason,
    direction: inForce === undefined ? 0 : threshold > inForce ? 1 : -1,
    objective: "exceedance_error",
    expectedShare: 1 - rate * confidence,
  });
}

/** Remembers the threshold that an action put in force. */
export function thresholdApplied(turn: Turn, action: OpenAction): void {
  if (typeof action.to === "number") turn.state.thresholds.set(action.subject, action.to);
}
