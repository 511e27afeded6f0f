import {
  actionOfCommand,
  isOutput,
  type OutputEvent,
  type OutputOf,
  outputsOf,
  type Recommendation,
  seriesKey,
} from "@mapek/core/contract";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import { isSameCause } from "./cause.ts";
import { readInputAt, type StoredInput } from "./input-log.ts";

/** The chain of messages that led to an output, as far as it is stored. */
export interface Trail {
  /** The input on which the output was decided; undefined for samples, and where it is not stored. */
  readonly cause: StoredInput | undefined;
  /** True where a batch of samples led to the output: batches are not read. */
  readonly isOfSamples: boolean;
  /** True where the output repeats an action's threshold that has followed the learned threshold since. */
  readonly hasFollowed: boolean;
  /**
   * Messages of the action that led to the output, oldest first, as known then. For an output that undoes the action:
   * all of them.
   */
  readonly actions: readonly OutputOf<"actions">[];
  readonly signal: OutputOf<"feedback"> | undefined;
  /** The anomaly or recommendation that the signal is about. */
  readonly origin: OutputOf<"recommendations"> | OutputOf<"anomalies"> | undefined;
  /** Signals and actions that the chain refers to but that are not stored, in words. */
  readonly missing: readonly string[];
}

/**
 * Follows an output back through the log. Only ids count, never texts: an output names the input that led to it, a
 * command its action, an action its signal, a signal its anomaly or recommendation.
 *
 * @param outputs Stored outputs about the system, in the order of the log, of all families that the chain may include.
 * Cost: at most two requests to the server.
 */
export async function trailOf(
  context: ServiceContext,
  output: OutputEvent,
  outputs: readonly OutputEvent[],
): Promise<Trail> {
  const decided = isOutput("thresholds", output) ? firstOfAction(output, outputs) : output;
  const cause = await causingInput(context, decided);
  const id = commandIdOf(output) ?? (cause?.kind === "command" ? cause.body.action_id : undefined);
  const actions = typeof id === "string" ? actionsBy(output, id, outputs) : [];
  const [action] = actions;
  const signal = action && signalOf(action, outputs);
  const missing =
    action === undefined
      ? typeof id === "string"
        ? [`the action ${actionOfCommand(id)}`]
        : []
      : signal === undefined
        ? [`the signal ${action.message.signal_id}`]
        : [];
  return {
    cause,
    isOfSamples: decided.cause?.stream === STREAMS.samples,
    hasFollowed: decided !== output,
    actions,
    signal,
    origin: signal && (await originOf(context, signal, outputs)),
    missing,
  };
}

/**
 * The first message with the action's threshold: later ones carry the action's id too, because the threshold goes on
 * following what is learned.
 */
function firstOfAction(
  output: OutputOf<"thresholds">,
  outputs: readonly OutputEvent[],
): OutputOf<"thresholds"> {
  const { action_id: id, side = "upper" } = output.message;
  if (id === null) return output;
  const isOfAction = ({ message }: OutputOf<"thresholds">) =>
    message.action_id === id && (message.side ?? "upper") === side;
  return outputsOf("thresholds", outputs).find(isOfAction) ?? output;
}

async function causingInput(
  context: ServiceContext,
  { cause }: OutputEvent,
): Promise<StoredInput | undefined> {
  if (cause === undefined || cause.stream !== STREAMS.knowledge) return undefined;
  return await readInputAt(context, cause);
}

/** The id of the command or action that a threshold or an action carries itself. */
function commandIdOf(output: OutputEvent): string | undefined {
  if (isOutput("thresholds", output)) return output.message.action_id ?? undefined;
  return isOutput("actions", output) ? output.message.action_id : undefined;
}

/**
 * The messages of an action that were known when `output` was put out.
 *
 * Where `output` is a message of the action, the order in the log decides. A change comes before the message "applied"
 * that reports it and long before "judged": all but "judged" belong to it. A change that undoes the action comes after
 * all.
 */
function actionsBy(
  output: OutputEvent,
  commandId: string,
  outputs: readonly OutputEvent[],
): OutputOf<"actions">[] {
  const id = actionOfCommand(commandId);
  const reports = outputsOf("actions", outputs).filter(({ message }) => message.action_id === id);
  if (output.family === "actions") return reports.filter(({ seq }) => seq <= output.seq);
  return id === commandId ? reports.filter(({ message }) => message.status !== "judged") : reports;
}

const signalOf = (
  { message: { loop, signal_id: id } }: OutputOf<"actions">,
  outputs: readonly OutputEvent[],
): OutputOf<"feedback"> | undefined =>
  outputsOf("feedback", outputs).find(({ message }) => message.loop === loop && message.id === id);

async function originOf(
  context: ServiceContext,
  signal: OutputOf<"feedback">,
  outputs: readonly OutputEvent[],
): Promise<Trail["origin"]> {
  const { anomaly_id: anomalyId } = signal.message.signal;
  if (anomalyId !== undefined)
    return outputsOf("anomalies", outputs).find(({ message }) => message.anomaly_id === anomalyId);
  const input = await causingInput(context, signal);
  if (input?.kind !== "recommendation") return undefined;
  const sent = input.body.recommendation as Recommendation;
  return outputsOf("recommendations", outputs).find(({ message }) => isSame(message, sent));
}

/** A series has at most one recommendation for each side and timestamp. */
const isSame = (a: Recommendation, b: Recommendation): boolean =>
  a.timestamp === b.timestamp &&
  (a.side ?? "upper") === (b.side ?? "upper") &&
  seriesKey(a.system, a.metric, a.labels) === seriesKey(b.system, b.metric, b.labels);

/** The transition that was put out together with parameters: both name the same input as their cause. */
export const transitionOf = (
  { cause }: OutputEvent,
  outputs: readonly OutputEvent[],
): OutputOf<"transitions"> | undefined =>
  outputsOf("transitions", outputs).find((one) => isSameCause(one.cause, cause));
