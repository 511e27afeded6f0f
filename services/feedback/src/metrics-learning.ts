import {
  type FeedbackInput,
  type Labels,
  type MetricsLearningSignal,
  type Recommendation,
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
  type Sender,
  type WithoutEffect,
  weightOf,
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
  /** Undefined also where only a signal has set one. */
  inForce: number | undefined;
  /** What measures a move; null where only the threshold itself does. */
  scale: number | null;
  /** How much its source counts, 0–1. */
  weight: number;
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
  const known = turn.state.thresholds.get(subject);
  const tentative = known?.tentative === true && known.value === inForce;
  if (inForce === null) turn.state.thresholds.delete(subject);
  else {
    const scale = scaleOf(recommendation) ?? known?.scale ?? null;
    turn.state.thresholds.set(subject, { value: inForce, scale, tentative });
  }
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
    inForce: tentative ? undefined : (inForce ?? undefined),
    scale: null,
    weight: 1,
    influence: undefined,
  });
}

/** Interquartile range of the window that a recommendation rests on. */
function scaleOf({ supporting_data: { p25, p75 } }: Recommendation): number | undefined {
  const range = typeof p25 === "number" && typeof p75 === "number" ? p75 - p25 : 0;
  return range > 0 ? range : undefined;
}

/**
 * A threshold that somebody proposes. Where none is in force it takes all that its source may move, and holds
 * until the learner recommends one; from 0 it has no measure unless the scale of the series is known.
 */
export function receiveProposal(
  turn: Turn,
  signalId: string,
  sender: Sender,
  body: MetricsLearningSignal,
  acts: boolean,
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
    reasoning: `proposed by ${sender.name} with confidence ${figure(confidence)}`,
    source: "signal",
    inForce,
    scale,
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
  const { subject, value, confidence, inForce, influence, weight } = proposal;
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
  const rate = state.learningRate * damping * weight;
  const wanted = inForce + rate * (value - inForce);
  const next =
    influence === undefined ? wanted : withinReach(inForce, wanted, influence, proposal.scale);
  const bounded = next === wanted ? "" : `, to ${figure(next)}: as far as one source may move it`;
  const reason = `${proposed}, ${figure(change * 100)} % from ${figure(inForce)} in force: moved by ${figure(rate)} of the way${bounded}`;
  apply(turn, proposal, next, rate, reason);
}

/**
 * The wanted threshold, or one as near to it as its source may move it. What is left counts in scales of the
 * series: that measures a move next to 0 and through it, too. Without one it is a factor, so that no source moves
 * a threshold to zero or through it.
 */
function withinReach(
  inForce: number,
  wanted: number,
  influence: Influence,
  scale: number | null,
): number {
  if (scale !== null) {
    const move = Math.min(Math.abs(wanted - inForce), influence.left * scale);
    influence.use(move / scale);
    return move < Math.abs(wanted - inForce)
      ? inForce + Math.sign(wanted - inForce) * move
      : wanted;
  }
  const factor = withinInfluence(Math.max(wanted / inForce, 0), influence);
  influence.use(Math.abs(Math.log(factor)));
  return factor === wanted / inForce ? wanted : inForce * factor;
}

function apply(turn: Turn, proposal: Proposal, threshold: number, rate: number, reason: string) {
  const tentative = turn.state.thresholds.get(proposal.subject)?.tentative === true;
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
    inForce,
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
      ...(source === "signal" && inForce === undefined && !tentative && { only_first: true }),
    },
    reason,
    direction: inForce === undefined ? 0 : threshold > inForce ? 1 : -1,
    objective: "exceedance_error",
    expectedShare: 1 - rate * confidence,
  });
}

/** Remembers the threshold that an action put in force. */
export function thresholdApplied({ state }: Turn, action: OpenAction): void {
  const { command, subject, to } = action;
  if (typeof to !== "number" || command.name !== "set_threshold") return;
  const known = state.thresholds.get(subject);
  const isFirst = action.from === null || known?.tentative === true;
  const tentative = command.source === "signal" && isFirst;
  state.thresholds.set(subject, { value: to, scale: known?.scale ?? null, tentative });
}

/** Remembers the threshold that a refused action found in force. */
export function thresholdRefused({ state }: Turn, { subject, from }: OpenAction): void {
  if (typeof from !== "number") return;
  const known = state.thresholds.get(subject);
  if (known?.value === from) return;
  state.thresholds.set(subject, { value: from, scale: known?.scale ?? null, tentative: false });
}
