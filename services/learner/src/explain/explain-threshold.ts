import {
  type ExplanationLink,
  MessageError,
  metricToken,
  type OutputEvent,
  outputsOf,
  seriesKey,
  showNumber,
  type Threshold,
} from "@mapek/core/contract";
import {
  type Found,
  inOrder,
  linkOfInput,
  linkOfMissing,
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
  type Trail,
  trailOf,
} from "@mapek/runtime";
import { candidatesOf, inputsOf, ruleOf } from "./threshold-terms.ts";

/** Answers the `explain` verb for the kind `threshold`: the decision that put a series' threshold in force, with its causes. */
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
    const found = await composed(context, question, outputs, inputs, beginsAt);
    const behind = cut
      ? [linkOfTrimmed(beginsAt, "what is older than the newest 20,000 outputs")]
      : [];
    return { metric, labels, side, ...found, causes: [...behind, ...found.causes] };
  };
}

/** Whether an input is about the series: settings, and commands for the series or its whole system. */
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

async function composed(
  context: ServiceContext,
  { side, at, metric }: Question,
  outputs: readonly OutputEvent[],
  inputs: readonly StoredInput[],
  beginsAt: number | undefined,
): Promise<Found> {
  const decision =
    outputsOf("thresholds", outputs).findLast(
      (output) => output.timestamp <= at && sideOf(output) === side,
    ) ?? null;
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
  const threshold = decision.message;
  const trail = await trailOf(context, decision, outputs);
  const causes = inOrder(linksOf(trail));
  return {
    decision,
    rule: ruleOf(threshold, trail, at),
    inputs: inputsOf(threshold, trail),
    candidates: candidatesOf(threshold, trail),
    causes: [
      ...missingOf(threshold, trail).map((what) => linkOfMissing(decision, beginsAt, what)),
      ...causes,
    ],
    since: since.filter(
      (link) => !causes.some((cause) => cause.seq === link.seq && cause.text === link.text),
    ),
  };
}

/** Whether an output belongs to an action that began before the decision: its judgement may be stored after the decision. */
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

/** Links of recommendation → signal → action → command, or of an operator's control message. */
const linksOf = ({ cause, actions, signal, origin }: Trail): ExplanationLink[] => [
  ...[origin, signal, ...actions].flatMap((output) => (output ? [linkOfOutput(output)] : [])),
  ...(cause?.kind === "command" ? [linkOfInput(cause, commandText(cause))] : []),
  ...(cause?.kind === "control" ? [linkOfInput(cause)] : []),
];

function commandText({ body }: StoredInput): string {
  const { name, threshold, source } = body.command as {
    name: string;
    threshold: number;
    source: string;
  };
  return `${name} ${showNumber(threshold)} from ${body.action_id} (${source})`;
}

const missingOf = ({ source }: Threshold, trail: Trail): string[] => [
  ...(source === "recommendation" && trail.origin === undefined ? ["the recommendation"] : []),
  ...(source === "operator" && trail.cause === undefined && !trail.isOfSamples
    ? ["the operator's command"]
    : []),
  ...trail.missing,
];
