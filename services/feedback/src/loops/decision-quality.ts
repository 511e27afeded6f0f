import { appendBounded } from "@mapek/core/forget-oldest";
import { figure } from "@mapek/core/statistics";
import { begin } from "../actions/actions.ts";
import { dampFactor } from "../judgement/damping.ts";
import { observe } from "../judgement/judgement.ts";
import { isResting } from "../judgement/stream.ts";
import { weightOf } from "../sources/source-limits.ts";
import { ACCURACY_MEMORY, meanOfNewest, type Turn } from "../state.ts";
import type { LoopRules, Signal } from "./loop-rules.ts";

const POOR_ACCURACY = 0.5;
const GOOD_ACCURACY = 0.9;
const RAISE_FACTOR = 1.2;
const LOWER_FACTOR = 0.9;
/** The error at the accuracy above which the loop lowers the learning rate. */
const GOAL = 0.1;
/** All decisions of a system are one stream. */
const STREAM = "";

/** Accuracy of a decision, 0–1: 1 for an exact prediction, 0 for an error of at least max(|outcome|, 1). */
export function accuracyOf(predicted: number, actual: number): number {
  return Math.max(0, 1 - Math.abs(predicted - actual) / Math.max(Math.abs(actual), 1));
}

/**
 * An accuracy below 0.5 raises the learning rate, one above 0.9 lowers it. A step is judged by the mean error of
 * the next `judgement_signals` decisions, and no second step is made before that. After a step that did not
 * help the loop only watches for as many decisions again.
 */
function receive(
  turn: Turn,
  { id: signalId, source, body, acts }: Signal<"decision_quality">,
): undefined {
  const { state } = turn;
  const accuracy = accuracyOf(body.predicted_outcome, body.actual_outcome);
  appendBounded(state.accuracies, accuracy, ACCURACY_MEMORY);
  observe(turn, "decision_quality", { stream: STREAM, goal: GOAL, measure: 1 - accuracy });
  if (!acts || (accuracy >= POOR_ACCURACY && accuracy <= GOOD_ACCURACY)) return;
  const isPoor = accuracy < POOR_ACCURACY;
  const { book, damping, streams } = state.loops.decision_quality;
  if (book.isOpen(STREAM) || isResting(streams, STREAM)) return;
  const step = damping * weightOf(state.settings, source);
  const factor = dampFactor(isPoor ? RAISE_FACTOR : LOWER_FACTOR, step);
  const mean = meanOfNewest(state.accuracies, state.settings.judgement_signals) ?? accuracy;
  const before = 1 - mean;
  const line = isPoor ? `< ${POOR_ACCURACY}` : `> ${GOOD_ACCURACY}`;
  begin(turn, "decision_quality", {
    signalId,
    subject: STREAM,
    direction: isPoor ? 1 : -1,
    stream: STREAM,
    target: { service: "optimizer", setting: "learning_rate", series: null },
    command: { name: "scale_learning_rate", factor },
    reason: `accuracy ${figure(accuracy)} ${line} of decision ${body.decision_id}: learning_rate × ${figure(factor)}`,
    objective: "decision_error",
    before,
    predicted: isPoor ? before * (2 - factor) : before,
  });
}

export const decisionQuality: LoopRules<"decision_quality"> = { goal: GOAL, receive };
