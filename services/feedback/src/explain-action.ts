import {
  type Action,
  type Feedback,
  isLoop,
  metricToken,
  type OutputEvent,
  parseSeriesKey,
} from "@mapek/core/messages";
import {
  type Found,
  inOrder,
  linkOfInput,
  linkOfOutput,
  linkOfTrimmed,
  newestOf,
  OutputLog,
  type OutputSelection,
  type Question,
  readInputs,
  type ServiceContext,
  type StoredInput,
  seriesOfOutput,
  settingsAt,
  settingsSince,
} from "@mapek/runtime";
import { ROLLBACK, SYSTEM_WIDE } from "./action-id.ts";

/**
 * Why a loop acted, and what came of it: answers the `explain` verb for the kind `action`. Without an id the newest action
 * by then is meant, of the loop and the series that the question names.
 */
export function explainAction(context: ServiceContext) {
  const log = new OutputLog(context);
  return async (question: Question): Promise<Found> => {
    const { system, actionId, loop = actionId?.split(".")[1] } = question;
    const tail = loop !== undefined && isLoop(loop) ? loop : undefined;
    const [own, told, beginsAt] = await Promise.all([
      log.read(system, [
        { family: "actions", tail },
        { family: "feedback", tail },
      ]),
      readInputs(
        context,
        "feedback",
        system,
        ({ kind, body }) => kind === "settings" || (kind === "control" && body.system === system),
      ),
      log.beginsAt(),
    ]);
    const decision = decisionOf(question, own.outputs);
    const effects = decision === null ? [] : (await log.read(system, effectsOf(decision))).outputs;
    const outputs = [...own.outputs, ...effects].sort((a, b) => a.seq - b.seq);
    return composed(question, decision, outputs, told, beginsAt);
  };
}

/** The newest message of the action by then; where it is asked for by id also one of its companions. */
function decisionOf(
  { actionId, loop, metric, at }: Question,
  outputs: readonly OutputEvent[],
): OutputEvent | null {
  const found = outputs.findLast(({ family, timestamp, message }) => {
    if (family !== "actions" || timestamp > at) return false;
    const { action_id, loop: of, target } = message as unknown as Action;
    if (actionId !== undefined) return action_id === actionId;
    if (action_id.endsWith(SYSTEM_WIDE) || (loop !== undefined && of !== loop)) return false;
    if (metric === undefined) return true;
    const id = target.series === null ? undefined : parseSeriesKey(target.series);
    return id?.ok === true && id.value.metric === metric;
  });
  return found ?? null;
}

/** Outputs of the target in which the action's effect and its origin are to be found. */
function effectsOf({ message }: OutputEvent): OutputSelection[] {
  const { target } = message as unknown as Action;
  if (target.service === "optimizer") return [{ family: "parameters" }, { family: "transitions" }];
  const id = target.series === null ? undefined : parseSeriesKey(target.series);
  const tail = id?.ok ? metricToken(id.value.metric) : undefined;
  return [
    { family: "recommendations", tail },
    { family: "thresholds", tail },
    { family: "anomalies", tail },
  ];
}

function composed(
  { actionId }: Question,
  decision: OutputEvent | null,
  outputs: readonly OutputEvent[],
  inputs: readonly StoredInput[],
  beginsAt: number | undefined,
): Found {
  if (decision === null) {
    const which = actionId === undefined ? "No action" : `No action ${actionId}`;
    const stored =
      beginsAt === undefined ? "" : `; the log begins ${new Date(beginsAt).toISOString()}`;
    return {
      decision,
      rule: `${which} is stored by then${stored}.`,
      inputs: [],
      candidates: [],
      causes: [],
      since: newestOf(settingsSince(inputs, 0)),
    };
  }
  const action = decision.message as unknown as Action;
  const told = outputs.filter(
    ({ family, message }) => family === "actions" && message.action_id === action.action_id,
  );
  const signal = outputs.find(
    ({ family, message }) =>
      family === "feedback" && message.loop === action.loop && message.id === action.signal_id,
  );
  const origin = signal && originOf(signal, outputs);
  const effects = outputs.filter((output) => isEffect(output, action, told));
  const chain = [
    ...[origin, signal].flatMap((output) => (output ? [output] : [])),
    ...told.filter(({ seq }) => seq <= decision.seq),
    ...effects.filter(({ seq }) => seq <= decision.seq),
  ];
  return {
    action_id: action.action_id,
    decision,
    rule: ruleOf(action),
    inputs: inputsOf(action, signal, inputs, decision.seq),
    candidates: [
      {
        name: "before",
        value: action.from ?? "nothing",
        chosen: action.status === "refused" || action.status === "rolled_back",
      },
      {
        name: "after",
        value: action.to ?? "nothing",
        chosen: action.status === "applied" || action.status === "judged",
      },
    ],
    causes: [
      ...(signal === undefined ? [linkOfTrimmed(beginsAt, `the signal ${action.signal_id}`)] : []),
      ...inOrder(chain.map(linkOfOutput)),
    ],
    since: newestOf([
      ...told.filter(({ seq }) => seq > decision.seq).map(linkOfOutput),
      ...outputs
        .filter(({ family, seq }) => family === "actions" && seq > decision.seq)
        .filter(({ message }) => hasTarget(message as unknown as Action, action))
        .map(linkOfOutput),
      ...inputs
        .filter(({ kind, seq }) => kind === "control" && seq > decision.seq)
        .map((input) => linkOfInput(input)),
      ...settingsSince(inputs, decision.seq),
    ]),
  };
}

const hasTarget = ({ target: a }: Action, { target: b }: Action): boolean =>
  a.service === b.service && a.setting === b.setting && a.series === b.series;

/** What a signal of the learner, or a label, is about: the recommendation, the anomaly. */
function originOf(signal: OutputEvent, outputs: readonly OutputEvent[]): OutputEvent | undefined {
  const { source, signal: said } = signal.message as unknown as Feedback;
  if (said.anomaly_id !== undefined)
    return outputs.find(
      ({ family, message }) => family === "anomalies" && message.anomaly_id === said.anomaly_id,
    );
  if (source !== "learner") return undefined;
  const key = (output: OutputEvent) => JSON.stringify(seriesOfOutput(output)?.labels ?? {});
  return outputs.findLast(
    (output) =>
      output.family === "recommendations" &&
      output.seq < signal.seq &&
      output.message.recommended_value === said.threshold_value &&
      output.message.metric === said.parameter &&
      key(output) === key(signal),
  );
}

/** The threshold or the parameters that the target put in force for the action. */
function isEffect(output: OutputEvent, action: Action, told: readonly OutputEvent[]): boolean {
  const { family, message } = output;
  if (family === "thresholds")
    return (
      message.action_id === action.action_id || message.action_id === action.action_id + ROLLBACK
    );
  if (family !== "parameters" && family !== "transitions") return false;
  return told.some(
    (one) =>
      one.message.status === "applied" &&
      output.seq < one.seq &&
      String(one.message.reason).endsWith(String(message.reason)),
  );
}

function ruleOf({ status, reason, objective, helped }: Action): string {
  const verdict = helped === null ? "" : helped ? " It helped." : " It hurt.";
  const measured =
    objective?.after == null
      ? ""
      : ` ${objective.name} ${objective.before ?? "-"} -> ${objective.after}${objective.expected === undefined ? "" : `, ${objective.expected} expected without it`}.`;
  return `${status.replace("_", " ")}: ${reason}.${measured}${verdict}`;
}

const SETTINGS = {
  min_confidence: "",
  min_change: "usual deviations",
  judgement_timeout_seconds: "s",
};

function inputsOf(
  action: Action,
  signal: OutputEvent | undefined,
  inputs: readonly StoredInput[],
  seq: number,
): Found["inputs"] {
  const { target, objective } = action;
  const said = (signal?.message.signal ?? {}) as Feedback["signal"];
  const held = settingsAt(inputs, seq) ?? {};
  return [
    { name: "loop", value: action.loop },
    { name: "setting", value: `${target.series ?? target.service} ${target.setting}` },
    { name: "source", value: (signal?.message.source as string | undefined) ?? null },
    ...Object.entries(said).flatMap(([name, value]) =>
      typeof value === "object" && value !== null
        ? []
        : [{ name: `signal_${name}`, value: value as string | number | boolean | null }],
    ),
    { name: "damping", value: action.damping },
    { name: "effectiveness", value: action.effectiveness },
    ...Object.entries(objective ?? {}).map(([name, value]) => ({
      name: name === "name" ? "objective" : `objective_${name}`,
      value: value ?? null,
    })),
    ...Object.entries(SETTINGS).flatMap(([name, unit]) => {
      const value = held[name];
      return typeof value === "number" ? [{ name, value, ...(unit !== "" && { unit }) }] : [];
    }),
  ];
}
