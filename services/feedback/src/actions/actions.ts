import {
  type Action,
  actionOfCommand,
  type Confirmation,
  LOOPS,
  type Loop,
  ROLLBACK,
  reasonWithAnswer,
  SYSTEM_WIDE,
} from "@mapek/core/contract";
import { figure } from "@mapek/core/statistics";
import { dampedAfter } from "../judgement/damping.ts";
import { Judgement } from "../judgement/effectiveness.ts";
import type { Direction } from "../judgement/evidence.ts";
import { disturbStream, oscillates, standsAt } from "../judgement/stream.ts";
import type { FeedbackState, Turn } from "../state.ts";
import { OPEN_LIMIT, type OpenAction } from "./action-book.ts";
import { findAction } from "./action-id.ts";
import { logAction, logBroadcast } from "./action-log.ts";
import { broadcastSensitivity, type Command, send } from "./commands.ts";

/** An action that a loop wants, and how it is judged. */
export interface Draft {
  readonly signalId: string;
  readonly subject: string;
  readonly target: Action["target"];
  readonly command: Command;
  readonly reason: string;
  readonly objective: string;
  readonly before?: number;
  readonly predicted?: number;
  readonly expectedShare?: number;
  readonly basis?: number;
  readonly broadcastFactor?: number;
  /** Which way the setting is to move. @default 0, neither */
  readonly direction?: Direction;
  /** Stream of signals that judges the action; `sign` is -1 where its measure is to rise. @default none; 1 */
  readonly stream?: string;
  readonly sign?: 1 | -1;
}

/** Opens an action and sends its command; the action waits for the target's confirmation. */
export function begin(turn: Turn, loop: Loop, draft: Draft): void {
  const action = open(turn, loop, draft);
  send(turn, action.id, draft.command);
  if (draft.broadcastFactor === undefined) return;
  send(turn, action.id + SYSTEM_WIDE, broadcastSensitivity(draft.broadcastFactor));
  logBroadcast(turn, action, "applied", draft.broadcastFactor, action.reason);
}

/** Opens an action on every series of the system. No target confirms it, so it counts as applied at once. */
export function beginSystemWide(turn: Turn, loop: Loop, draft: Draft, factor: number): void {
  const action = open(turn, loop, draft);
  action.to = factor;
  turn.state.loops[loop].book.move(action, "judging", turn.state.timeMs);
  send(turn, action.id + SYSTEM_WIDE, draft.command);
  logAction(turn, action, "applied", action.reason);
}

function open(turn: Turn, loop: Loop, draft: Draft): OpenAction {
  const { state } = turn;
  const loopState = state.loops[loop];
  const { oldest } = loopState.book;
  if (loopState.book.size >= OPEN_LIMIT && oldest !== undefined)
    abandon(turn, oldest, `before ${OPEN_LIMIT} later actions`);
  const { judgement_signals: span } = state.settings;
  const standing =
    draft.stream === undefined ? null : standsAt(loopState.streams, draft.stream, span);
  const action: OpenAction = {
    id: `${state.system}.${loop}.${++loopState.actions}`,
    loop,
    signalId: draft.signalId,
    subject: draft.subject,
    phase: "pending",
    sinceMs: state.timeMs,
    target: draft.target,
    command: draft.command,
    from: null,
    to: null,
    reason: draft.reason,
    objective: draft.objective,
    before: draft.before ?? null,
    predicted: draft.predicted ?? null,
    after: null,
    expectedShare: draft.expectedShare ?? null,
    basis: draft.basis ?? null,
    broadcastFactor: draft.broadcastFactor ?? null,
    stream: draft.stream ?? null,
    standing,
    forecast: standing && (loopState.streams.baseline.forecast(standing) ?? null),
    direction: draft.direction ?? 0,
    sign: draft.sign ?? 1,
    evidenceSum: 0,
    measureSum: 0,
    evidenceCount: 0,
  };
  loopState.book.add(action);
  disturbed(turn, action);
  return action;
}

/**
 * Marks the action's stream as disturbed: otherwise the forecast would learn the effect of actions as what comes
 * without them. Streams of labels are not marked, because nearly every label comes after an action; their
 * forecast is of the next labels in general.
 */
function disturbed({ state }: Turn, { loop, stream }: OpenAction): void {
  if (stream !== null && loop !== "anomaly_feedback")
    disturbStream(state.loops[loop].streams, stream);
}

/** Damps a loop whose steps move one setting alternately up and down. Not for labels: people may disagree with each other. */
function dampOscillation({ state }: Turn, { loop, stream, direction }: OpenAction): void {
  if (stream === null || loop === "anomaly_feedback") return;
  const own = state.loops[loop];
  if (oscillates(own.streams, stream, direction))
    own.damping = dampedAfter(Judgement.Hurt, own.damping, state.settings.damping_factor);
}

/**
 * Folds a target's confirmation of a command or of a rollback; ignored where no open action awaits it.
 *
 * @param onApplied Called with an applied action before its status is published.
 * @param onRefused Called with a refused action before its status is published.
 */
export function receiveConfirmation(
  turn: Turn,
  confirmation: Confirmation,
  onApplied: (action: OpenAction) => void,
  onRefused: (action: OpenAction) => void,
): void {
  const named = confirmation.action_id;
  const isRollback = named.endsWith(ROLLBACK);
  const action = findAction(turn.state, actionOfCommand(named));
  if (action === undefined || isRollback !== (action.phase === "rolling_back")) return;
  if (!isRollback && action.phase !== "pending") return;
  const { book } = turn.state.loops[action.loop];
  action.from = confirmation.from;
  action.to = confirmation.to;
  const { reason } = confirmation;
  if (isRollback) {
    book.remove(action);
    disturbed(turn, action);
    if (confirmation.applied) onApplied(action);
    const status = confirmation.applied ? "rolled_back" : "refused";
    logAction(turn, action, status, `rollback: ${reason}`, false);
  } else if (confirmation.applied) {
    book.move(action, "judging", turn.state.timeMs);
    disturbed(turn, action);
    dampOscillation(turn, action);
    onApplied(action);
    logAction(turn, action, "applied", reasonWithAnswer(action.reason, reason));
  } else {
    book.remove(action);
    onRefused(action);
    logAction(turn, action, "refused", `${action.reason}; refused: ${reason}`);
  }
}

/** Closes every action that has waited longer than `judgement_timeout_seconds`. */
export function expire(turn: Turn): void {
  const { state } = turn;
  const seconds = state.settings.judgement_timeout_seconds;
  for (const loop of LOOPS) {
    const { book } = state.loops[loop];
    for (let action = book.oldest; action !== undefined; action = book.oldest) {
      if (action.sinceMs + seconds * 1_000 > state.timeMs) break;
      abandon(turn, action, `within ${figure(seconds)} s`);
    }
  }
}

/** Event time, ms, at which the next open action expires; undefined while none is open. */
export function nextExpiryAt(state: FeedbackState): number | undefined {
  let earliest: number | undefined;
  for (const loop of LOOPS) {
    const sinceMs = state.loops[loop].book.oldest?.sinceMs;
    if (sinceMs !== undefined && (earliest === undefined || sinceMs < earliest)) earliest = sinceMs;
  }
  return earliest === undefined
    ? undefined
    : earliest + state.settings.judgement_timeout_seconds * 1_000;
}

/** Closes an action without a verdict: the action counts neither for nor against its loop. */
function abandon(turn: Turn, action: OpenAction, when: string): void {
  turn.state.loops[action.loop].book.remove(action);
  switch (action.phase) {
    case "pending":
      logAction(turn, action, "judged", `not confirmed ${when}`);
      return;
    case "judging":
      logAction(turn, action, "judged", `not judged ${when}`);
      return;
    case "rolling_back":
      logAction(turn, action, "refused", `rollback not confirmed ${when}`, false);
      return;
  }
}
