import {
  MessageError,
  metricToken,
  type OutputEvent,
  seriesKey,
  showNumber,
  type Threshold,
} from "@mapek/core/messages";
import {
  type Found,
  inOrder,
  linkOfInput,
  linkOfOutput,
  linkOfTrimmed,
  newestOf,
  OutputLog,
  type Question,
  readInputs,
  type ServiceContext,
  type StoredInput,
  seriesOfOutput,
  settingsSince,
} from "@mapek/runtime";
import { type Chain, candidatesOf, inputsOf, ruleOf } from "./threshold-terms.ts";

/** Why a series' threshold is what it is: answers the `explain` verb for the kind `threshold`. */
export function explainThreshold(context: ServiceContext) {
  const log = new OutputLog(context);
  return async (question: Question): Promise<Found> => {
    const { system, metric, labels, side } = question;
    if (metric === undefined)
      throw new MessageError("MAPEK_MESSAGE_INVALID", "metric: a threshold is of a series");
    const tail = metricToken(metric);
    const key = seriesKey(system, metric, labels);
    const isOfSeries = (output: OutputEvent) => {
      const id = seriesOfOutput(output);
      return id !== undefined && seriesKey(id.system, id.metric, id.labels) === key;
    };
    const selections = [
      { family: "thresholds", tail },
      { family: "recommendations", tail },
      { family: "changes", tail },
      { family: "feedback", tail: "metrics_learning" },
      { family: "feedback", tail: "anomaly_feedback" },
      { family: "actions", tail: "metrics_learning" },
      { family: "actions", tail: "anomaly_feedback" },
    ] as const;
    const [{ outputs, cut }, inputs, beginsAt] = await Promise.all([
      log.read(system, selections, { keep: isOfSeries }),
      readInputs(context, "learner", key, (input) => isAbout(input, question)),
      log.beginsAt(),
    ]);
    const found = composed(question, outputs, inputs, beginsAt);
    const behind = cut
      ? [linkOfTrimmed(beginsAt, "what is older than the newest 20,000 outputs")]
      : [];
    return { metric, labels, side, ...found, causes: [...behind, ...found.causes] };
  };
}

/** Settings, and what operators and the feedback service told about the series. */
function isAbout({ kind, body }: StoredInput, { system, metric, labels }: Question): boolean {
  if (kind === "settings") return true;
  const told = (body.control ?? body.command) as
    | { metric?: string | null; labels?: Question["labels"] }
    | undefined;
  if (told === undefined || body.system !== system) return false;
  if (told.metric === undefined || told.metric === null) return true;
  return told.metric === metric && seriesKey("s", "m", told.labels) === seriesKey("s", "m", labels);
}

const sideOf = ({ message }: OutputEvent): unknown => message.side ?? "upper";

function composed(
  { side, at, metric }: Question,
  outputs: readonly OutputEvent[],
  inputs: readonly StoredInput[],
  beginsAt: number | undefined,
): Found {
  const thresholds = outputs.filter(
    (output) => output.family === "thresholds" && sideOf(output) === side,
  );
  const decision = thresholds.findLast(({ timestamp }) => timestamp <= at) ?? null;
  const seq = decision?.seq ?? 0;
  const since = newestOf([
    ...outputs
      .filter(({ timestamp, seq: place }) => (decision ? place > seq : timestamp > at))
      .filter((output) => !isOfEarlierAction(output, decision, outputs))
      .filter((output) => output.message.side === undefined || sideOf(output) === side)
      .map(linkOfOutput),
    ...inputs
      .filter(({ kind, seq: place }) => kind === "control" && place > seq)
      .map((input) => linkOfInput(input)),
    ...settingsSince(inputs, seq),
  ]);
  if (decision === null) {
    const stored =
      beginsAt === undefined ? "" : `; the log begins ${new Date(beginsAt).toISOString()}`;
    return {
      decision,
      rule: `No ${side} threshold of ${metric} was put in force by then${stored}.`,
      inputs: [],
      candidates: [],
      causes: [],
      since,
    };
  }
  const threshold = decision.message as unknown as Threshold;
  const chain = chainOf(threshold, decision, outputs, inputs);
  const missing = missingOf(threshold, chain);
  return {
    decision,
    rule: ruleOf(threshold, chain, at),
    inputs: inputsOf(threshold, chain),
    candidates: candidatesOf(threshold, chain),
    causes: [...missing.map((what) => linkOfTrimmed(beginsAt, what)), ...inOrder(chain.links)],
    since: since.filter(
      (link) => !chain.links.some((cause) => cause.seq === link.seq && cause.text === link.text),
    ),
  };
}

/** What came of actions before the one that led to the decision may be stored after it. */
function isOfEarlierAction(
  { family, message }: OutputEvent,
  decision: OutputEvent | null,
  outputs: readonly OutputEvent[],
): boolean {
  if (decision === null || family !== "actions") return false;
  const { action_id: id } = message;
  if (id === decision.message.action_id) return false;
  const first = outputs.find((one) => one.family === "actions" && one.message.action_id === id);
  return first !== undefined && first.timestamp < decision.timestamp;
}

const ROLLBACK = ".rollback";

/** The messages that led to a threshold: recommendation → signal → action → command, or an operator's word. */
function chainOf(
  threshold: Threshold,
  decision: OutputEvent,
  outputs: readonly OutputEvent[],
  inputs: readonly StoredInput[],
): Chain {
  const { action_id: named } = threshold;
  const actionId = named?.endsWith(ROLLBACK) ? named.slice(0, -ROLLBACK.length) : named;
  const told = outputs.filter(
    ({ family, message }) => family === "actions" && message.action_id === actionId,
  );
  const isRollback = actionId !== named;
  const action = told.find(({ message }) => message.status !== "judged");
  const signal =
    action &&
    outputs.find(
      ({ family, message }) =>
        family === "feedback" &&
        message.loop === action.message.loop &&
        message.id === action.message.signal_id,
    );
  const recommendation = outputs.findLast(
    (output) =>
      output.family === "recommendations" &&
      output.seq < decision.seq &&
      output.message.reasoning === threshold.reasoning &&
      output.message.confidence === threshold.confidence,
  );
  const commands = inputs.filter(
    ({ kind, body }) => kind === "command" && body.action_id === named,
  );
  const controls =
    threshold.source === "operator"
      ? inputs.filter(
          ({ kind, time, body }) =>
            kind === "control" &&
            time === threshold.timestamp &&
            /pin/.test((body.control as { command: string }).command),
        )
      : [];
  return {
    recommendation,
    signal,
    action,
    hasFollowed: outputs.some(
      ({ family, message, seq }) =>
        family === "thresholds" && seq < decision.seq && message.action_id === named,
    ),
    links: [
      ...[recommendation, signal].flatMap((output) => (output ? [linkOfOutput(output)] : [])),
      ...told.filter(({ message }) => isRollback || message.status !== "judged").map(linkOfOutput),
      ...commands.map((input) => linkOfInput(input, commandText(input))),
      ...controls.map((input) => linkOfInput(input)),
    ],
  };
}

function commandText({ body }: StoredInput): string {
  const { name, threshold, source } = body.command as {
    name: string;
    threshold: number;
    source: string;
  };
  return `${name} ${showNumber(threshold)} from ${body.action_id} (${source})`;
}

function missingOf({ source, action_id }: Threshold, { recommendation, signal, action }: Chain) {
  const missing: string[] = [];
  if (source === "recommendation" && recommendation === undefined)
    missing.push("the recommendation");
  if (action_id !== null && action === undefined) missing.push(`the action ${action_id}`);
  else if (action !== undefined && signal === undefined)
    missing.push(`the signal ${action.message.signal_id}`);
  return missing;
}
