import {
  type Action,
  actionOfCommand,
  isLoop,
  metricToken,
  type OutputEvent,
  type OutputOf,
  outputsOf,
  parseSeriesKey,
  SYSTEM_WIDE,
} from "@mapek/core/contract";
import {
  type Found,
  inOrder,
  linkOfInput,
  linkOfMissing,
  linkOfOutput,
  newestOf,
  OutputLog,
  type OutputSelection,
  type Question,
  readInputs,
  type ServiceContext,
  type StoredInput,
  settingsAt,
  settingsSince,
  type Trail,
  trailOf,
} from "@mapek/runtime";

/**
 * Answers the `explain` verb for the kind `action`: why a loop acted, and with what outcome. A question without an
 * action id means the newest action of the loop and the metric that it names, as of the time asked about.
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
    if (decision === null) return nothingFound(question, told, beginsAt);
    const { outputs: around } = await log.read(system, aroundOf(decision));
    const outputs = [...own.outputs, ...around].sort((a, b) => a.seq - b.seq);
    const [trail, effects] = await Promise.all([
      trailOf(context, decision, outputs),
      effectsOf(context, decision.message, outputs),
    ]);
    return composed(decision, { trail, effects, outputs, inputs: told, beginsAt });
  };
}

/** The newest message of the action up to `at`. A system-wide companion is found only by its id. */
function decisionOf(
  { actionId, loop, metric, at }: Question,
  outputs: readonly OutputEvent[],
): OutputOf<"actions"> | null {
  const found = outputsOf("actions", outputs).findLast(({ timestamp, message }) => {
    if (timestamp > at) return false;
    const { action_id, loop: of, target } = message;
    if (actionId !== undefined) return action_id === actionId;
    if (action_id.endsWith(SYSTEM_WIDE) || (loop !== undefined && of !== loop)) return false;
    if (metric === undefined) return true;
    const id = target.series === null ? undefined : parseSeriesKey(target.series);
    return id?.ok === true && id.value.metric === metric;
  });
  return found ?? null;
}

/** Families of the target's outputs that contain the action's effect and its origin. */
function aroundOf({ message: { target } }: OutputOf<"actions">): OutputSelection[] {
  if (target.service === "optimizer") return [{ family: "parameters" }, { family: "transitions" }];
  const id = target.series === null ? undefined : parseSeriesKey(target.series);
  const tail = id?.ok ? metricToken(id.value.metric) : undefined;
  return [
    { family: "recommendations", tail },
    { family: "thresholds", tail },
    { family: "anomalies", tail },
  ];
}

/** The thresholds, states and parameters that the target put in force because of the action's commands. */
async function effectsOf(
  context: ServiceContext,
  { action_id: id, target, system }: Action,
  outputs: readonly OutputEvent[],
): Promise<OutputEvent[]> {
  const thresholds = outputsOf("thresholds", outputs).filter(
    ({ message }) => message.action_id !== null && actionOfCommand(message.action_id) === id,
  );
  if (target.service !== "optimizer") return thresholds;
  const isOfAction = ({ kind, body }: StoredInput) =>
    kind === "command" && actionOfCommand(body.action_id as string) === id;
  const commands = await readInputs(context, "optimizer", system, isOfAction);
  const isEffect = ({ family, cause }: OutputEvent) =>
    (family === "parameters" || family === "transitions") &&
    commands.some(({ seq, part }) => seq === cause?.seq && part === cause.part);
  return outputs.filter(isEffect);
}

function nothingFound(
  { actionId }: Question,
  inputs: readonly StoredInput[],
  beginsAt: number | undefined,
): Found {
  const which = actionId === undefined ? "No action" : `No action ${actionId}`;
  const stored =
    beginsAt === undefined ? "" : `; the log begins ${new Date(beginsAt).toISOString()}`;
  return {
    decision: null,
    rule: `${which} is stored by then${stored}.`,
    inputs: [],
    candidates: [],
    causes: [],
    since: newestOf(settingsSince(inputs, 0)),
  };
}

interface Stored {
  readonly trail: Trail;
  readonly effects: readonly OutputEvent[];
  readonly outputs: readonly OutputEvent[];
  readonly inputs: readonly StoredInput[];
  readonly beginsAt: number | undefined;
}

function composed(
  decision: OutputOf<"actions">,
  { trail, effects, outputs, inputs, beginsAt }: Stored,
): Found {
  const { message: action, seq } = decision;
  const { signal, origin, actions, missing } = trail;
  const chain = [
    ...[origin, signal].flatMap((output) => (output ? [output] : [])),
    ...actions,
    ...effects.filter((effect) => effect.seq <= seq),
  ];
  const later = outputsOf("actions", outputs).filter((output) => output.seq > seq);
  return {
    action_id: action.action_id,
    decision,
    rule: ruleOf(action),
    inputs: inputsOf(action, signal, inputs, seq),
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
      ...missing.map((what) => linkOfMissing(decision, beginsAt, what)),
      ...inOrder(chain.map(linkOfOutput)),
    ],
    since: newestOf([
      ...later.filter(({ message }) => hasTarget(message, action)).map(linkOfOutput),
      ...inputs
        .filter(({ kind, seq: place }) => kind === "control" && place > seq)
        .map((input) => linkOfInput(input)),
      ...settingsSince(inputs, seq),
    ]),
  };
}

const hasTarget = ({ target: a }: Action, { target: b }: Action): boolean =>
  a.service === b.service && a.setting === b.setting && a.series === b.series;

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
  signal: OutputOf<"feedback"> | undefined,
  inputs: readonly StoredInput[],
  seq: number,
): Found["inputs"] {
  const { target, objective } = action;
  const said = signal?.message.signal ?? {};
  const held = settingsAt(inputs, seq) ?? {};
  return [
    { name: "loop", value: action.loop },
    { name: "setting", value: `${target.series ?? target.service} ${target.setting}` },
    { name: "source", value: signal?.message.source ?? null },
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
