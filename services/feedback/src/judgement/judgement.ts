import { type Loop, type Outcome, ROLLBACK, SYSTEM_WIDE } from "@mapek/core/contract";
import type { Forecast } from "@mapek/core/statistics";
import { figure } from "@mapek/core/statistics";
import type { OpenAction } from "../actions/action-book.ts";
import { findAction } from "../actions/action-id.ts";
import { logAction, logBroadcast } from "../actions/action-log.ts";
import { broadcastSensitivity, type Command, inverseOf, send } from "../actions/commands.ts";
import type { Turn } from "../state.ts";
import { dampedAfter } from "./damping.ts";
import { countJudgement, Judgement, verdictOn } from "./effectiveness.ts";
import { scoreOf, weigh } from "./evidence.ts";
import { fold, restFor, settle } from "./stream.ts";

/** Rest after an action that had no forecast, in spans of `judgement_signals`: enough for the 12 examples a forecast needs. */
const FIRST_REST = 14;

/** A step that moved its measure the right way counts as hurt if the objective got worse by more than this many standard deviations. */
const OVERSHOOT = 2;

/**
 * Judges an action by the objective that its target measured.
 *
 * @param loops The goal of each.
 */
export function receiveOutcome(
  turn: Turn,
  outcome: Outcome,
  loops: { readonly [L in Loop]: { readonly goal: number } },
): void {
  const action = findAction(turn.state, outcome.action_id);
  if (action === undefined || action.phase !== "judging") return;
  const { before, after, expected, noise_variance: variance, samples } = outcome;
  action.before = before;
  action.after = after;
  if (action.expectedShare !== null) action.predicted = before * action.expectedShare;
  else if (action.objective === "pressure") action.predicted = Math.min(before, 1);
  const { goal } = loops[action.loop];
  if (expected === undefined || variance === undefined || samples === undefined) {
    conclude(turn, action, verdictOn(before, after, goal), null);
    return;
  }
  const forecast = { expected, variance, freedom: samples };
  const score = scoreOf(after - expected, forecast);
  const verdict = weigh(turn.state.loops[action.loop].evidence, action.direction, score);
  conclude(turn, action, isAtGoal(verdict, after, goal) ? Judgement.Neutral : verdict, forecast);
}

/** The value of an objective that a signal carries. */
export interface Observation {
  /** Name of the stream to which the value belongs. */
  readonly stream: string;
  /** Value of the stream, which the forecast predicts. */
  readonly measure: number;
  /** At and below which nothing is left to improve, unit of the objective. */
  readonly goal: number;
  /** Smaller is better; the measure itself where it is not told. */
  readonly objective?: number;
  /** Whether the forecast learns from it. @default true */
  readonly learns?: boolean;
}

/** Adds a signal's objective to the open actions on its stream; an action with `judgement_signals` of them is judged. */
export function observe(turn: Turn, loop: Loop, observation: Observation): void {
  const { stream, measure, goal, objective = measure, learns = true } = observation;
  const { book, streams } = turn.state.loops[loop];
  const span = turn.state.settings.judgement_signals;
  fold(streams, stream, measure, span, learns);
  for (const action of book.judgingOf(stream)) {
    action.evidenceSum += objective;
    action.measureSum += measure;
    action.evidenceCount++;
    if (action.evidenceCount >= span) judgeBySignals(turn, action, goal);
  }
}

function judgeBySignals(turn: Turn, action: OpenAction, goal: number): void {
  const { forecast, sign, evidenceCount, loop, direction, stream, standing } = action;
  const { streams, evidence } = turn.state.loops[loop];
  const { judgement_signals: span } = turn.state.settings;
  const after = action.evidenceSum / evidenceCount;
  action.after = after;
  let verdict: Judgement = Judgement.Neutral;
  if (forecast !== null) {
    const change = sign * (action.measureSum / evidenceCount - forecast.expected);
    verdict = weigh(evidence, direction, scoreOf(change, forecast));
    // The measure moved the right way but too far: for example, a busy resource is idle now.
    const far = (action.before ?? after) + OVERSHOOT * Math.sqrt(forecast.variance);
    if (verdict === Judgement.Helped && after > far) verdict = Judgement.Hurt;
    if (isAtGoal(verdict, after, goal)) verdict = Judgement.Neutral;
  }
  // The forecast learns from values in which nobody acted. Loops act at extremes, so an action without effect is its only
  // example of how an extreme measure returns by itself.
  if (standing !== null && forecast !== null && verdict === Judgement.Neutral)
    streams.baseline.learn(standing, action.measureSum / evidenceCount, 1);
  if (stream !== null && verdict === Judgement.Helped) settle(streams, stream);
  if (stream !== null && verdict !== Judgement.Helped)
    restFor(streams, stream, forecast === null ? FIRST_REST * span : span);
  conclude(turn, action, verdict, forecast);
}

/** Whether a verdict of hurt is void because the objective is at its goal. */
const isAtGoal = (verdict: Judgement, after: number, goal: number): boolean =>
  verdict === Judgement.Hurt && after <= goal;

function conclude(
  turn: Turn,
  action: OpenAction,
  verdict: Judgement,
  forecast: Forecast | null,
): void {
  const { state } = turn;
  const loop = state.loops[action.loop];
  countJudgement(loop.verdicts, verdict);
  loop.damping = dampedAfter(verdict, loop.damping, state.settings.damping_factor);
  loop.book.remove(action);
  const inverse = verdict === Judgement.Hurt ? inverseOf(state, action) : undefined;
  const undone = verdict === Judgement.Hurt && inverse === undefined ? "; not rolled back" : "";
  const reason = `${reasonOf(action, forecast)}: ${WORDS[verdict]}${undone}`;
  logAction(turn, action, "judged", reason, verdict === Judgement.Helped, forecast);
  if (inverse !== undefined) rollBack(turn, action, inverse);
}

function reasonOf(
  { objective, before, after, predicted, stream }: OpenAction,
  forecast: Forecast | null,
) {
  const measured = `${objective} ${figure(before ?? 0)} before, ${figure(after ?? 0)} after`;
  const hoped = predicted === null ? "" : `, predicted ${figure(predicted)}`;
  if (forecast !== null) {
    const noise = figure(Math.sqrt(forecast.variance));
    return `${measured}${hoped}; without it ${figure(forecast.expected)} ± ${noise} was to come`;
  }
  return stream === null
    ? `${measured}${hoped}`
    : `${measured}${hoped}; too little is known of its noise`;
}

const WORDS: { readonly [V in Judgement]: string } = {
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
