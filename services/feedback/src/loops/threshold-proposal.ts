import type { Labels, ThresholdSide } from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { begin } from "../actions/actions.ts";
import { type Influence, withinInfluence } from "../sources/source-limits.ts";
import type { Turn } from "../state.ts";

/** A threshold that the learner or a source of signals proposes for a series. */
export interface Proposal {
  signalId: string;
  /** Series key, with `#lower` for the lower side: each side has its own threshold, pending action and influence. */
  subject: string;
  series: string;
  side: ThresholdSide | undefined;
  metric: string;
  labels: Labels;
  value: number;
  /** Event time for which the threshold is meant, ms; undefined: now. */
  at: number | undefined;
  confidence: number;
  strategy: string;
  reasoning: string;
  source: "recommendation" | "signal";
  /** Threshold in force; undefined where there is none, or only a tentative one set by a signal. */
  inForce: number | undefined;
  /** Whether the threshold in force follows the learned one. If not, even a change below `min_change` is applied, to let it follow. */
  follows: boolean;
  /** Unit of the source's influence, the interquartile range; null: influence is counted as a factor of the threshold. */
  scale: number | null;
  /** Unit of `min_change`, the usual deviation of the series; null: changes count as a share of the threshold. */
  spread: number | null;
  /** Weight of the source, 0–1. */
  weight: number;
  /** How far the source may still move the threshold; undefined for the learner, which has no limit. */
  influence: Influence | undefined;
}

/**
 * Moves the threshold in force toward the proposed one by learning rate · damping · weight, where confidence and
 * change are large enough. After a recommendation the learner goes on following at this rate. Where no
 * threshold is in force, the proposal is put in force whole. Proposals are ignored while an action on the same
 * subject waits for its confirmation.
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

/** Distance of a proposal from the threshold in force: in usual deviations of the series, or without one as a share of the threshold. */
function changeOf({ value, spread }: Proposal, inForce: number): { amount: number; said: string } {
  const distance = Math.abs(value - inForce);
  if (spread !== null)
    return { amount: distance / spread, said: `${figure(distance / spread)} usual deviations` };
  const share = distance === 0 ? 0 : distance / Math.abs(inForce);
  return { amount: share, said: `${figure(share * 100)} %` };
}

/**
 * The wanted threshold, or the nearest one that the source's influence allows. Influence is counted in scales of
 * the series, so that a move near 0 or through 0 has a size too. Without a scale influence is a factor, and no
 * source can move a threshold to 0 or through it.
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
