import {
  ACTOR_SERVICES,
  action,
  anomaly,
  change,
  feedback,
  feedbackControl,
  inputReply,
  LOOPS,
  learnerControl,
  type OutputFamily,
  optimizerControl,
  parameters,
  performance,
  recommendation,
  rejected,
  request,
  response,
  Subjects,
  sample,
  signals,
  threshold,
  transition,
  VERBS,
} from "@mapek/core/contract";

/** A public subject, from the user's side. */
export interface Channel {
  readonly id: string;
  /** Subject with `{parameters}` in place of variable tokens. */
  readonly address: string;
  /** The user's operation on the subject. */
  readonly direction: "publish" | "subscribe" | "request";
  readonly summary: string;
  /** Names of message families; empty for formats of other tools. */
  readonly messages: readonly string[];
  /** Family of the answer to a message with a reply subject. */
  readonly reply?: string;
}

/** Meaning of each parameter of an address. */
export const PARAMETERS: Readonly<Record<string, string>> = {
  system: "What is managed: A–Z a–z 0–9 _ -",
  metric: "The metric's name, other characters than A–Z a–z 0–9 _ - replaced by _",
  loop: `One of ${LOOPS.join(", ")}`,
  source: "Public key of the sender",
  service: "One of monitor, learner, optimizer, feedback",
};

const subjects = new Subjects();
const signalFamilies = LOOPS.map((loop) => signals[loop].name);

const inputs: Channel[] = [
  {
    id: "metrics",
    address: subjects.metrics("{system}", "{metric}"),
    direction: "publish",
    summary:
      "Samples: a number as text, a sample or an array of samples (JSON or MessagePack), or a columnar batch",
    messages: [sample.name],
    reply: inputReply.name,
  },
  {
    id: "telegraf",
    address: subjects.telegraf("{system}"),
    direction: "publish",
    summary: "What Telegraf's NATS output writes: line protocol, or its JSON",
    messages: [],
    reply: inputReply.name,
  },
  {
    id: "otlp",
    address: subjects.otlp("{system}"),
    direction: "publish",
    summary: "OTLP metrics: an ExportMetricsServiceRequest as protobuf or JSON",
    messages: [],
    reply: inputReply.name,
  },
  {
    id: "performance",
    address: subjects.performance("{system}"),
    direction: "publish",
    summary: "How the managed control loop does",
    messages: [performance.name],
    reply: inputReply.name,
  },
  {
    id: "signals",
    address: subjects.signals("{system}", "{loop}"),
    direction: "publish",
    summary: "Evidence for a feedback loop",
    messages: signalFamilies,
    reply: inputReply.name,
  },
  {
    id: "signals_of_source",
    address: subjects.signals("{system}", "{loop}", "{source}"),
    direction: "publish",
    summary: "The same with keys: nobody else may publish there",
    messages: signalFamilies,
    reply: inputReply.name,
  },
  ...[learnerControl, optimizerControl, feedbackControl].map((family, i): Channel => {
    const service = ACTOR_SERVICES[i] as string;
    return {
      id: `control_${service}`,
      address: subjects.control(service, "{system}"),
      direction: "publish",
      summary: `What operators tell the ${service}`,
      messages: [family.name],
      reply: inputReply.name,
    };
  }),
];

const requests = ACTOR_SERVICES.flatMap((service) =>
  VERBS[service].map(
    (verb): Channel => ({
      id: `requests_${service}_${verb}`,
      address: subjects.requests(service, verb, "{system}"),
      direction: "request",
      summary: `Asks the ${service} for ${verb}; the system _ stands for all`,
      messages: [request.name],
      reply: response.name,
    }),
  ),
);

const METRIC = ["{system}", "{metric}"];
const output = (
  family: OutputFamily,
  tokens: readonly string[],
  summary: string,
  message: string,
): Channel => ({
  id: family,
  address: subjects.output(family, ...tokens),
  direction: "subscribe",
  summary,
  messages: [message],
});

const outputs: Channel[] = [
  output("recommendations", METRIC, "A threshold that the learner proposes", recommendation.name),
  output("thresholds", METRIC, "The threshold in force has changed", threshold.name),
  output("anomalies", METRIC, "An incident: opened, higher peak, closed", anomaly.name),
  output(
    "changes",
    METRIC,
    "The level shifted or drifts; the series is stale or back",
    change.name,
  ),
  output("parameters", ["{system}"], "Parameters of the control loop", parameters.name),
  output("transitions", ["{system}"], "The state of a system has changed", transition.name),
  output("feedback", ["{system}", "{loop}"], "A signal was accepted", feedback.name),
  output("actions", ["{system}", "{loop}"], "What was changed, and how it turned out", action.name),
  output("rejected", ["{service}"], "Dead letters: what was refused, and why", rejected.name),
];

/** Every public subject: inputs, then outputs, then requests. */
export const CHANNELS: readonly Channel[] = [...inputs, ...outputs, ...requests];
