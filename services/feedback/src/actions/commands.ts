import {
  type LabelVerdict,
  type LearnerCommand,
  type OptimizerCommand,
  seriesKey,
} from "@mapek/core/contract";
import type { FeedbackState, Turn } from "../state.ts";
import type { OpenAction } from "./action-book.ts";

export type Command = LearnerCommand | OptimizerCommand;

/** Sends a command to the service whose setting it changes. */
export function send(turn: Turn, actionId: string, command: Command): void {
  const { state, outputs } = turn;
  const { system } = state;
  const about = {
    version: 1,
    time: state.timeMs,
    system,
    kind: "command",
    action_id: actionId,
  } as const;
  switch (command.name) {
    case "set_threshold":
    case "scale_sensitivity": {
      const key =
        command.metric === null ? null : seriesKey(system, command.metric, command.labels);
      outputs.push({ to: "learner", key, input: { ...about, command } });
      return;
    }
    case "re_evaluate":
    case "scale_learning_rate":
    case "adjust_parallelism":
      outputs.push({ to: "optimizer", key: system, input: { ...about, command } });
      return;
  }
}

/** Command that scales the sensitivity of every series of the system; no confirmation is awaited. */
export const broadcastSensitivity = (factor: number): LearnerCommand => ({
  name: "scale_sensitivity",
  metric: null,
  labels: {},
  factor,
});

/**
 * The command that undoes an applied action; undefined for a re-evaluation, for a first threshold,
 * and for a threshold that something else has moved since.
 */
export function inverseOf(state: FeedbackState, action: OpenAction): Command | undefined {
  const { command, from, to } = action;
  switch (command.name) {
    case "set_threshold":
      if (typeof from !== "number" || typeof to !== "number") return undefined;
      if (state.thresholds.get(action.subject)?.movedBy !== action.id) return undefined;
      return {
        name: "set_threshold",
        metric: command.metric,
        labels: command.labels,
        ...(command.side !== undefined && { side: command.side }),
        threshold: from,
        moved_from: to,
        strategy: command.strategy,
        confidence: command.confidence,
        reasoning: `action ${action.id} hurt: back to the threshold before it`,
        source: "rollback",
      };
    case "scale_sensitivity":
      return unlearned(command, inverseFactor(action, command.factor));
    case "scale_learning_rate":
      return { name: "scale_learning_rate", factor: inverseFactor(action, command.factor) };
    case "adjust_parallelism": {
      const delta = typeof from === "number" && typeof to === "number" ? from - to : -command.delta;
      return { name: "adjust_parallelism", delta };
    }
    case "re_evaluate":
      return undefined;
  }
}

/**
 * The inverse of a sensitivity command. Where the command taught a kind of burst, the inverse names the same anomaly
 * with the opposite verdict; a missed anomaly is taken back as a false alarm at the same time.
 */
function unlearned(
  command: Extract<LearnerCommand, { name: "scale_sensitivity" }>,
  factor: number,
): Command {
  const { name, metric, labels, anomaly_opened_at, weight } = command;
  const back = { name, metric, labels, factor };
  const opposite = command.verdict === undefined ? undefined : OPPOSITES[command.verdict];
  if (opposite === undefined || anomaly_opened_at === undefined) return back;
  return { ...back, anomaly_opened_at, verdict: opposite, ...(weight !== undefined && { weight }) };
}

const OPPOSITES: { readonly [V in LabelVerdict]: LabelVerdict } = {
  false_positive: "true_positive",
  true_positive: "false_positive",
  false_negative: "false_positive",
};

/** The inverse of the confirmed change, since a target clamps to its bounds; of the requested factor where none is known. */
function inverseFactor({ from, to }: OpenAction, factor: number): number {
  const measured = typeof from === "number" && typeof to === "number" && from > 0 && to > 0;
  return measured ? from / to : 1 / factor;
}
