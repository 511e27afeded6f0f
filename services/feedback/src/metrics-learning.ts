import {
  type FeedbackInput,
  type Labels,
  type MetricsLearningSignal,
  seriesKey,
  type ThresholdSide,
} from "@mapek/core/messages";
import type { OpenAction } from "./action-book.ts";
import { begin } from "./actions.ts";
import { figure } from "./figure.ts";
import {
  type Influence,
  influenceOf,
  influenceSpent,
  type WithoutEffect,
  withinInfluence,
} from "./source-limits.ts";
import type { Turn } from "./state.ts";

type RecommendationInput = Extract<FeedbackInput, { kind: "recommendation" }>;

interface Proposal {
  signalId: string;
  /** The series, with its side: what is in force, pending and bounded apart. */
  subject: string;
  series: string;
  side: ThresholdSide | undefined;
  metric: string;
  labels: Labels;
  value: number;
  confidence: number;
  strategy: string;
  reasoning: string;
  source: "recommendation" | "signal";
  inForce: number | undefined;
  /** What its source may still move; undefined for the learner's own. */
  influence: Influence | undefined;
}

const subjectOf = (series: string, side: ThresholdSide | undefined): string =>
  side === "lower" ? `${series}#lower` : series;

/** A recommendation of the learner, with the threshold that it says is in force. */
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
  if (inForce === null) turn.state.thresholds.delete(subject);
  else turn.state.thresholds.set(subject, inForce);
  if (!acts || recommendation.provisional) return;
  decide(turn, {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    value: recommendation.recommended_value,
    confidence: recommendation.confidence,
    strategy: recommendation.strategy,
    reasoning: recommendation.reasoning,
    source: "recommendation",
    inForce: inForce ?? undefined,
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
  const { parameter: metric, labels = {}, side, threshold_value: value, confidence } = body;
  const series = seriesKey(turn.state.system, metric, labels);
  const subject = subjectOf(series, side);
  const inForce = turn.state.thresholds.get(subject);
  const influence = influenceOf(turn.state, sender, "threshold", subject);
  if (influence.spent || (!inForce && !influence.whole)) return influenceSpent(turn.state, sender);
  decide(turn, {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    value,
    confidence,
    strategy: "manual",
    reasoning: `proposed by ${sender} with confidence ${figure(confidence)}`,
    source: "signal",
    inForce,
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
  const { subject, value, confidence, inForce, influence } = proposal;
  const { book, damping } = state.loops.metrics_learning;
  if (book.isPending(subject)) return;
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
  const rate = state.learningRate * damping;
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
  const {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    confidence,
    strategy,
    reasoning,
    source,
  } = proposal;
  begin(turn, "metrics_learning", {
    signalId,
    subject,
    target: { service: "learner", setting: "threshold", series },
    command: {
      name: "set_threshold",
      metric,
      labels,
      ...(side !== undefined && { side }),
      threshold,
      strategy,
      confidence,
      reasoning,
      source,
    },
    reason,
    objective: "exceedance_error",
    expectedShare: 1 - rate * confidence,
  });
}

/** Remembers the threshold that an action put in force. */
export function thresholdApplied(turn: Turn, action: OpenAction): void {
  if (typeof action.to === "number") turn.state.thresholds.set(action.subject, action.to);
}
