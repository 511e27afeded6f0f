import type { Labels, ThresholdSide } from "@mapek/core/messages";
import { figure } from "@mapek/core/stats";
import { begin } from "../actions/actions.ts";
import { type Influence, withinInfluence } from "../sources/source-limits.ts";
import type { Turn } from "../state.ts";

/** A threshold that somebody wants for a series. */
export interface Proposal {
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

/**
 * Moves the threshold in force toward the proposed one by learning rate · damping where confidence
 * and change are large enough, and lets it follow what is learned at this rate. Where none is known to be in force the
 * proposal becomes it, whole. While a series waits for a confirmation its further proposals lead to nothing.
 */
export function decideOn(turn: Turn, proposal: Proposal): void {
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
