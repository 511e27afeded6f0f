import type { Loop, Outcome } from "@mapek/core/messages";
import type { OpenAction } from "./action-book.ts";
import { findAction, ROLLBACK, SYSTEM_WIDE } from "./action-id.ts";
import { logAction, logBroadcast } from "./action-log.ts";
import { broadcastSensitivity, type Command, inverseOf, send } from "./commands.ts";
import { dampedAfterHelp, dampedAfterHurt } from "./damping.ts";
import { countVerdict, Verdict, verdictOn } from "./effectiveness.ts";
import { figure } from "./figure.ts";
import type { Turn } from "./state.ts";

/** The objective value, in its own unit, at and below which nothing is left to improve. */
const GOALS: { readonly [L in Loop]: number } = {
  /** Exceedance rate within a hundredth of the promised one. */
  metrics_learning: 0.01,
  /** Three quarters of the critical lines: for CPU, the line of degraded. */
  performance_adaptation: 0.75,
  /** The accuracy of 0.9 above which the loop lowers the learning rate. */
  decision_quality: 0.1,
  /** Nine labels of ten are right. */
  anomaly_feedback: 0.1,
  /** Inside the band. */
  resource_optimization: 0.01,
};

/** Judges an action by the objective that its target measured. */
export function receiveOutcome(turn: Turn, outcome: Outcome): void {
  const action = findAction(turn.state, outcome.action_id);
  if (action === undefined || action.phase !== "judging") return;
  action.before = outcome.before;
  if (action.expectedShare !== null) action.predicted = outcome.before * action.expectedShare;
  else if (action.objective === "pressure") action.predicted = Math.min(outcome.before, 1);
  judge(turn, action, outcome.before, outcome.after);
}

/** Counts a signal's objective toward the actions that it judges; `judgement_signals` of them are a verdict. */
export function observe(turn: Turn, loop: Loop, subject: string, objective: number): void {
  for (const action of turn.state.loops[loop].book.judgingOf(subject)) {
    action.evidenceSum += objective;
    action.evidenceCount++;
    if (action.evidenceCount < turn.state.settings.judgement_signals) continue;
    const after = action.evidenceSum / action.evidenceCount;
    judge(turn, action, action.before ?? after, after);
  }
}

function judge(turn: Turn, action: OpenAction, before: number, after: number): void {
  const { state } = turn;
  const loop = state.loops[action.loop];
  action.after = after;
  const verdict = verdictOn(before, after, GOALS[action.loop]);
  countVerdict(loop.verdicts, verdict);
  if (verdict === Verdict.Helped) loop.damping = dampedAfterHelp(loop.damping);
  if (verdict === Verdict.Hurt)
    loop.damping = dampedAfterHurt(loop.damping, state.settings.damping_factor);
  loop.book.remove(action);
  const inverse = verdict === Verdict.Hurt ? inverseOf(state, action) : undefined;
  const judged = `${action.objective} ${figure(before)} before, ${figure(after)} after: ${WORDS[verdict]}`;
  const expected = action.predicted === null ? "" : ` (predicted ${figure(action.predicted)})`;
  const undone = verdict === Verdict.Hurt && inverse === undefined ? "; not rolled back" : "";
  const helped = verdict === Verdict.Helped;
  logAction(turn, action, "judged", `${judged}${expected}${undone}`, helped);
  if (inverse !== undefined) rollBack(turn, action, inverse);
}

const WORDS: { readonly [V in Verdict]: string } = {
  helped: "it helped",
  neutral: "no clear difference",
  hurt: "it hurt",
};

function rollBack(turn: Turn, action: OpenAction, inverse: Command): void {
  const { state } = turn;
  const broadcast = action.broadcastFactor;
  if (inverse.name === "scale_sensitivity" && inverse.metric === null) {
    send(turn, action.id + SYSTEM_WIDE + ROLLBACK, inverse);
    action.from = action.to;
    action.to = inverse.factor;
    logAction(turn, action, "rolled_back", "rollback: the inverse factor", false);
    return;
  }
  action.phase = "rolling_back";
  action.sinceMs = state.timeMs;
  state.loops[action.loop].book.add(action);
  send(turn, action.id + ROLLBACK, inverse);
  if (broadcast === null) return;
  send(turn, action.id + SYSTEM_WIDE + ROLLBACK, broadcastSensitivity(1 / broadcast));
  logBroadcast(turn, action, "rolled_back", 1 / broadcast, "rollback: the inverse factor");
}
