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
import { send } from "./commands.ts";
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
  /** Event time that it is meant for, ms; undefined: now. */
  at: number | undefined;
  confidence: number;
  strategy: string;
  reasoning: string;
  source: "recommendation" | "signal";
  /** Undefined also where only a signal has set one. */
  inForce: number | undefined;
  /** Whether the one in force follows what is learned, as far as it is to: where it does not, no change is too small. */
  follows: boolean;
  /** What measures how far its source may move it; null where only the threshold itself does. */
  scale: number | null;
  /** Usual deviation of the series, in which a change counts; null where only the threshold itself measures it. */
  spread: number | null;
  /** How much its source counts, 0–1. */
  weight: number;
  /** What its source may still move; undefined for the learner's own. */
  influence: Influence | undefined;
}

/** Mean absolute deviation of a normal variable over its interquartile range. */
const DEVIATION_PER_RANGE = 0.5915;

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
  decide(turn, {
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

/** A loop that is disabled moves nothing: what follows at its word is told to stay. */
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

/** Usual deviation of a series, in which its threshold is measured; by its window where the learner does not say. */
function spreadOf(recommendation: Recommendation): number | undefined {
  const { spread } = recommendation.supporting_data;
  if (typeof spread === "number" && spread > 0) return spread;
  const scale = scaleOf(recommendation);
  return scale === undefined ? undefined : scale * DEVIATION_PER_RANGE;
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

/**
 * Moves the threshold in force toward the proposed one by learning rate · damping where confidence
 * and change are large enough, and lets it follow what is learned at this rate. Where none is known to be in force the
 * proposal becomes it, whole. While a series waits for a confirmation its further proposals lead to nothing.
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
  const { amount, said } = changeOf(proposal, inForce);
  if (confidence < minConfidence) return;
  if (proposal.follows && (value === inForce || amount < minChange)) return;
  const rate = state.learningRate * damping * weight;
  const wanted = inForce + rate * (value - inForce);
  const next =
    influence === undefined ? wanted : withinReach(inForce, wanted, influence, proposal.scale);
  const bounded = next === wanted ? "" : `, to ${figure(next)}: as far as one source may move it`;
  const reason = `${proposed}, ${said} from ${figure(inForce)} in force: moved by ${figure(rate)} of the way${bounded}`;
  apply(turn, proposal, next, rate, reason);
}

/** How far a proposal lies from the threshold in force: in usual deviations of the series, or as a share of it where none is known. */
function changeOf({ value, spread }: Proposal, inForce: number): { amount: number; said: string } {
  const distance = Math.abs(value - inForce);
  if (spread !== null)
    return { amount: distance / spread, said: `${figure(distance / spread)} usual deviations` };
  const share = distance === 0 ? 0 : distance / Math.abs(inForce);
  return { amount: share, said: `${figure(share * 100)} %` };
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
  const { damping } = turn.state.loops.metrics_learning;
  const {
    signalId,
    subject,
    series,
    side,
    metric,
    labels,
    at,
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
      ...(inForce !== undefined && { moved_from: inForce }),
      ...(inForce === undefined && at !== undefined && { at }),
      ...(source === "recommendation" && { rate: turn.state.learningRate * damping }),
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
  const { scale = null, spread = null } = known ?? {};
  state.thresholds.set(subject, { value: to, scale, spread, tentative, movedBy: action.id });
}

/** Remembers the threshold that a refused action found in force. */
export function thresholdRefused({ state }: Turn, { subject, from }: OpenAction): void {
  if (typeof from !== "number") return;
  const known = state.thresholds.get(subject);
  if (known?.value === from) return;
  const { scale = null, spread = null } = known ?? {};
  state.thresholds.set(subject, { value: from, scale, spread, tentative: false });
}
