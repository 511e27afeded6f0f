import {
  actionOfCommand,
  isOutput,
  type OutputEvent,
  type OutputOf,
  outputsOf,
  type Recommendation,
  seriesKey,
} from "@mapek/core/messages";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import { isSameCause } from "./cause.ts";
import { readInputAt, type StoredInput } from "./input-log.ts";

/** What led to an output, as far as it is stored. */
export interface Trail {
  /** The input that was folded when it was decided; undefined where it is not stored, and of samples. */
  readonly cause: StoredInput | undefined;
  /** Whether what follows what was decided has moved it since. */
  readonly hasFollowed: boolean;
  /** What has become of its action by then, oldest first; of an output that undoes the action all that is told of it. */
  readonly actions: readonly OutputOf<"actions">[];
  readonly signal: OutputOf<"feedback"> | undefined;
  /** What the signal is about. */
  readonly origin: OutputOf<"recommendations"> | OutputOf<"anomalies"> | undefined;
  /** Signals and actions that should be there and are not, in words. */
  readonly missing: readonly string[];
}

/**
 * Follows an output back through the log by the links that messages carry: an output names the input that led to it, a command its
 * action, an action its signal, a signal the anomaly or the recommendation. What messages say in words plays no part.
 *
 * @param outputs What is stored about the system, in the order of the log, of the families that may be on the way.
 * Cost: two questions to the server at most.
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
    hasFollowed: decided !== output,
    actions,
    signal,
    origin: signal && (await originOf(context, signal, outputs)),
    missing,
  };
}

/** A threshold that is handed out anew as it follows what is learned keeps the action that set it. */
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

/** An action is told of as applied behind what it changed, and as judged long after. */
function actionsBy(
  output: OutputEvent,
  commandId: string,
  outputs: readonly OutputEvent[],
): OutputOf<"actions">[] {
  const id = actionOfCommand(commandId);
  const told = outputsOf("actions", outputs).filter(({ message }) => message.action_id === id);
  if (output.family === "actions") return told.filter(({ seq }) => seq <= output.seq);
  return id === commandId ? told.filter(({ message }) => message.status !== "judged") : told;
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

/** A series has one recommendation for a side at a time. */
const isSame = (a: Recommendation, b: Recommendation): boolean =>
  a.timestamp === b.timestamp &&
  (a.side ?? "upper") === (b.side ?? "upper") &&
  seriesKey(a.system, a.metric, a.labels) === seriesKey(b.system, b.metric, b.labels);

/** The change of state with which parameters came: both were put out when the same input was folded. */
export const transitionOf = (
  { cause }: OutputEvent,
  outputs: readonly OutputEvent[],
): OutputOf<"transitions"> | undefined =>
  outputsOf("transitions", outputs).find((one) => isSameCause(one.cause, cause));
