import { decodeMsgpack, encodeMsgpack } from "@mapek/core/contract";
import type { Answer } from "./answers.ts";
import { OptimizerError } from "./errors.ts";
import { PerformanceWindow, type WindowSnapshot } from "./performance-window.ts";
import { createState, deriveRow, type OptimizerState, STATE_SCHEMA } from "./state.ts";
import { Outcomes, type OutcomesSnapshot } from "./tuning/outcomes.ts";

type Plain = Omit<OptimizerState, "window" | "outcomes" | "answers" | "row" | "bounds">;

interface Snapshot extends Plain {
  schema: number;
  window: WindowSnapshot;
  outcomes: OutcomesSnapshot;
  answers: [string, Answer][];
}

/** The state as MessagePack: equal states give equal bytes. */
export function saveState(state: OptimizerState): Uint8Array {
  const snapshot: Snapshot = {
    schema: STATE_SCHEMA,
    system: state.system,
    settings: state.settings,
    operatorMode: state.operatorMode,
    state: state.state,
    forced: state.forced,
    timeMs: state.timeMs,
    enteredAtMs: state.enteredAtMs,
    qualityHeldSinceMs: state.qualityHeldSinceMs,
    window: state.window.snapshot(),
    adaptation: state.adaptation,
    learningRateFactor: state.learningRateFactor,
    parallelismDelta: state.parallelismDelta,
    history: state.history,
    transitionCount: state.transitionCount,
    changes: state.changes,
    published: state.published,
    answers: [...state.answers],
    outcomes: state.outcomes.snapshot(),
  };
  return encodeMsgpack(snapshot);
}

/**
 * The inverse of {@link saveState}.
 *
 * @throws {OptimizerError} MAPEK_OPTIMIZER_STATE_MALFORMED, MAPEK_OPTIMIZER_STATE_UNKNOWN_VERSION
 */
export function loadState(bytes: Uint8Array): OptimizerState {
  const { schema: _, window, outcomes, answers, ...plain } = readSnapshot(bytes);
  const state: OptimizerState = {
    ...createState(plain.system),
    ...plain,
    window: PerformanceWindow.restore(window),
    outcomes: Outcomes.restore(outcomes),
    answers: new Map(answers),
  };
  deriveRow(state);
  return state;
}

function readSnapshot(bytes: Uint8Array): Snapshot {
  let body: unknown;
  try {
    body = decodeMsgpack(bytes);
  } catch (cause) {
    throw new OptimizerError("MAPEK_OPTIMIZER_STATE_MALFORMED", "not MessagePack", { cause });
  }
  if (typeof body !== "object" || body === null || !("schema" in body))
    throw new OptimizerError("MAPEK_OPTIMIZER_STATE_MALFORMED", "no schema number");
  if (body.schema !== STATE_SCHEMA)
    throw new OptimizerError(
      "MAPEK_OPTIMIZER_STATE_UNKNOWN_VERSION",
      `saved with schema ${JSON.stringify(body.schema)}, this reader knows ${STATE_SCHEMA}`,
    );
  return body as Snapshot;
}
