import {
  type ExplanationLink,
  type OutputEvent,
  outputsOf,
  PARAMETER_NAMES,
  SYSTEM_STATES,
  type SystemState,
  type Transition,
} from "@mapek/core/contract";
import {
  type Found,
  inOrder,
  linkOfInput,
  linkOfMissing,
  linkOfOutput,
  newestOf,
  OutputLog,
  type Question,
  readInputs,
  type ServiceContext,
  type StoredInput,
  settingsAt,
  settingsSince,
  trailOf,
  transitionOf,
} from "@mapek/runtime";
import { WINDOW_REPORTS } from "./performance-window.ts";
import {
  CRITICAL_LINES,
  OPTIMIZING_QUALITY,
  RECOVERED_QUALITY,
  WARNING_LINES,
} from "./states/state-machine.ts";

/** Answers the `explain` verb for the kinds `state` and `parameters`: the stored decision with its rule and causes. */
export function explainOptimizer(context: ServiceContext) {
  const log = new OutputLog(context);
  const gather = async ({ system }: Question): Promise<Stored> => {
    const [{ outputs, cut }, inputs, beginsAt] = await Promise.all([
      log.read(system, [
        { family: "transitions" },
        { family: "parameters" },
        ...LOOPS_HERE.flatMap((tail) => [
          { family: "actions", tail } as const,
          { family: "feedback", tail } as const,
        ]),
      ]),
      readInputs(
        context,
        "optimizer",
        system,
        ({ kind, body }) => kind === "settings" || body.system === system,
      ),
      log.beginsAt(),
    ]);
    return { outputs, cut, inputs, beginsAt };
  };
  return {
    state: async (question: Question) => explainState(context, question, await gather(question)),
    parameters: async (question: Question) =>
      explainParameters(context, question, await gather(question)),
  };
}

/** Loops whose commands go to the optimizer. */
const LOOPS_HERE = ["performance_adaptation", "decision_quality", "resource_optimization"] as const;

interface Stored {
  readonly outputs: readonly OutputEvent[];
  readonly inputs: readonly StoredInput[];
  readonly cut: boolean;
  readonly beginsAt: number | undefined;
}

const newestBy = <F extends "transitions" | "parameters">(
  family: F,
  { outputs }: Stored,
  at: number,
) => outputsOf(family, outputs).findLast(({ timestamp }) => timestamp <= at) ?? null;

async function explainState(
  context: ServiceContext,
  { at }: Question,
  stored: Stored,
): Promise<Found> {
  const decision = newestBy("transitions", stored, at);
  const since = sinceOf(decision, at, stored);
  if (decision === null)
    return {
      decision,
      rule: `No change of state is stored by then${logBegins(stored)}: a system begins healthy.`,
      inputs: [],
      candidates: [],
      causes: [],
      since,
    };
  const { from, to, reason, forced, performance, count } = decision.message;
  return {
    decision,
    rule: `${from} -> ${to}: ${reason}.`,
    inputs: [
      ...measures(performance),
      { name: "forced", value: forced },
      { name: "transitions_so_far", value: count },
      ...settings(stored, decision.seq, STATE_SETTINGS),
    ],
    candidates: SYSTEM_STATES.map((name) => ({
      name,
      value: ENTRY[name],
      chosen: name === to,
      ...(name === from && { detail: "the state before" }),
    })),
    causes: await causesOf(context, decision, stored),
    since,
  };
}

async function explainParameters(
  context: ServiceContext,
  { at }: Question,
  stored: Stored,
): Promise<Found> {
  const decision = newestBy("parameters", stored, at);
  const since = sinceOf(decision, at, stored);
  if (decision === null)
    return {
      decision,
      rule: `No parameters are stored by then${logBegins(stored)}.`,
      inputs: [],
      candidates: [],
      causes: [],
      since,
    };
  const { message } = decision;
  const before = outputsOf("parameters", stored.outputs).findLast(
    ({ seq }) => seq < decision.seq,
  )?.message;
  const { outcome, predicted } = message;
  return {
    decision,
    rule: `${message.phase === undefined ? "" : `${message.phase}: `}${message.reason}.`,
    inputs: [
      { name: "state", value: message.state },
      { name: "mode", value: message.mode },
      ...(predicted === undefined
        ? []
        : [
            { name: `${predicted.objective}_before`, value: predicted.before },
            { name: `${predicted.objective}_predicted`, value: predicted.predicted },
            { name: "judged_within", value: predicted.within_seconds, unit: "s" },
          ]),
      ...(outcome === undefined
        ? []
        : [
            { name: "outcome_of", value: `${outcome.setting} ${outcome.from} -> ${outcome.to}` },
            { name: `outcome_${outcome.objective}_before`, value: outcome.before },
            { name: `outcome_${outcome.objective}_after`, value: outcome.after },
            { name: "outcome_noise", value: outcome.noise },
            { name: "outcome_worse", value: outcome.worse },
          ]),
      ...settings(stored, decision.seq, PARAMETER_SETTINGS),
    ],
    candidates: PARAMETER_NAMES.map((name) => ({
      name,
      value: message[name],
      chosen: message.changed.includes(name),
      ...(before !== undefined && { detail: `before ${before[name]}` }),
    })),
    causes: await causesOf(context, decision, stored),
    since,
  };
}

const logBegins = ({ beginsAt }: Stored): string =>
  beginsAt === undefined ? "" : `; the log begins ${new Date(beginsAt).toISOString()}`;

const { cpu_usage: cpu, memory_usage: memory, cycle_latency: latency } = CRITICAL_LINES;
const warning = `cpu_usage > ${WARNING_LINES.cpu_usage} %, memory_usage > ${WARNING_LINES.memory_usage} % or cycle_latency > ${WARNING_LINES.cycle_latency} s`;
/** Condition on the window's means for entering each state; hysteresis, dwell and flap budget apply besides. */
const ENTRY: Readonly<Record<SystemState, string>> = {
  critical: `cpu_usage > ${cpu} %, memory_usage > ${memory} % or cycle_latency > ${latency} s`,
  degraded: `${warning}, with decision_quality ≤ ${OPTIMIZING_QUALITY} or after degraded or critical`,
  optimizing: `${warning}, with decision_quality > ${OPTIMIZING_QUALITY}`,
  recovering: "below the lines after critical or degraded",
  healthy: `below the lines; after recovering with decision_quality > ${RECOVERED_QUALITY} held`,
};

const STATE_SETTINGS = {
  hysteresis: "share of a line",
  min_dwell_seconds: "s",
  recovery_hold_seconds: "s",
  flap_budget: "transitions",
  flap_window_seconds: "s",
};
const PARAMETER_SETTINGS = { base_monitoring_interval: "s", base_parallelism: "at once" };

/** The named settings that were in force at `seq`; empty where no settings are stored before it. */
function settings(
  { inputs }: Stored,
  seq: number,
  names: Readonly<Record<string, string>>,
): Found["inputs"] {
  const held = settingsAt(inputs, seq) ?? {};
  return Object.entries(names).flatMap(([name, unit]) => {
    const value = held[name];
    return typeof value === "number" ? [{ name, value, unit }] : [];
  });
}

const UNITS: Readonly<Record<string, string>> = {
  cpu_usage: "%",
  memory_usage: "%",
  cycle_latency: "s",
  decisions_per_minute: "per minute",
};

const measures = (means: Transition["performance"]): Found["inputs"] =>
  Object.entries(means).map(([name, value]) => ({
    name,
    value,
    ...(UNITS[name] !== undefined && { unit: UNITS[name] }),
  }));

/**
 * The stored messages that led to a decision: the reports whose means decided, or the command with its signal and
 * action, or the operator's control message. A decision about parameters also names the change of state behind it.
 */
async function causesOf(
  context: ServiceContext,
  decision: OutputEvent,
  { outputs, inputs, beginsAt, cut }: Stored,
): Promise<ExplanationLink[]> {
  const { cause, signal, actions } = await trailOf(context, decision, outputs);
  // The stored cause is the last report only, but the state is decided by the mean over the window. A tick uses that mean too.
  const reports =
    cause?.kind === "performance" || cause?.kind === "tick"
      ? inputs.filter(({ kind, seq }) => kind === "performance" && seq <= cause.seq)
      : [];
  const transition = decision.family === "parameters" ? transitionOf(decision, outputs) : undefined;
  return [
    ...(cut || cause === undefined ? [linkOfMissing(decision, beginsAt, "what led here")] : []),
    ...inOrder([
      ...reports.slice(-WINDOW_REPORTS).map((input) => linkOfInput(input)),
      ...(cause?.kind === "command" ? [linkOfInput(cause, commandText(cause))] : []),
      ...(cause?.kind === "control" ? [linkOfInput(cause)] : []),
      ...[signal, ...actions, transition].flatMap((output) =>
        output === undefined ? [] : [linkOfOutput(output)],
      ),
    ]),
  ];
}

function commandText({ body }: StoredInput): string {
  const { name, ...rest } = body.command as { name: string };
  return `${name} ${JSON.stringify(rest)} from ${body.action_id}`;
}

function sinceOf(decision: OutputEvent | null, at: number, { outputs, inputs }: Stored) {
  const seq = decision?.seq ?? 0;
  return newestOf([
    ...outputs
      .filter((output) => output.family === "transitions" || output.family === "parameters")
      .filter((output) => (decision ? output.seq > seq : output.timestamp > at))
      .map(linkOfOutput),
    ...inputs
      .filter((input) => input.kind === "control" && input.seq > seq)
      .map((input) => linkOfInput(input)),
    ...settingsSince(inputs, seq),
  ]);
}
