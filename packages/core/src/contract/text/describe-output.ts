import type { Anomaly } from "../outputs/anomaly.ts";
import type { Change } from "../outputs/change.ts";
import type { OutputEvent } from "../outputs/explanation.ts";
import type { Action, Feedback } from "../outputs/feedback.ts";
import type { Parameters, Transition } from "../outputs/parameters.ts";
import type { Recommendation } from "../outputs/recommendation.ts";
import type { Threshold } from "../outputs/threshold.ts";
import type { SystemFamily } from "../subjects/subjects.ts";
import { describeAnomaly } from "./describe-anomaly.ts";
import { showNumber, showNumbers } from "./show-numbers.ts";
import { showSeries } from "./show-series.ts";
import { showTime } from "./show-time.ts";

interface Messages {
  recommendations: Recommendation;
  thresholds: Threshold;
  anomalies: Anomaly;
  changes: Change;
  parameters: Parameters;
  transitions: Transition;
  feedback: Feedback;
  actions: Action;
}
/** The public outputs about systems, by family. */
export type OutputMessages = { readonly [F in SystemFamily]: Messages[F] };

/** An output of a known family, whose message has the form of that family. */
export type OutputOf<F extends keyof OutputMessages> = OutputEvent & {
  readonly family: F;
  readonly message: OutputMessages[F];
};

/** Whether an output is of a family; the message needs no validation, since the house itself has written the output. */
export const isOutput = <F extends keyof OutputMessages>(
  family: F,
  output: OutputEvent,
): output is OutputOf<F> => output.family === family;

/** The outputs of one family, in their order. */
export const outputsOf = <F extends keyof OutputMessages>(
  family: F,
  outputs: readonly OutputEvent[],
): OutputOf<F>[] => outputs.filter((output) => isOutput(family, output));

type Descriptions = { [F in keyof OutputMessages]: (message: OutputMessages[F]) => string };

/** A readable line for a message of each family, without its time. */
const DESCRIPTIONS: Descriptions = {
  recommendations: (m) =>
    `${series(m)} ${side(m)}recommendation ${m.provisional ? "~" : ""}${showNumber(m.recommended_value)} (${m.strategy}, confidence ${showNumber(m.confidence)}): ${m.reasoning}`,
  thresholds: (m) =>
    `${series(m)} ${side(m)}threshold ${showNumbers([m.previous, m.threshold]).join(" -> ")} (${m.strategy}, ${m.source}): ${m.reasoning}`,
  anomalies: (m) =>
    `${series(m)} anomaly ${m.phase}: ${describeAnomaly(m)}${m.group === undefined ? "" : `; group ${m.group}`}; id ${m.anomaly_id}`,
  changes: (m) =>
    `${series(m)} ${m.kind.replace("_", " ")} since ${showTime(m.since)}: ${m.reasoning}`,
  parameters: (m) =>
    `${m.system} parameters (${m.state}, ${m.mode}): interval ${showNumber(m.monitoring_interval)} s, depth ${m.analysis_depth}, lookahead ${showNumber(m.planning_lookahead)} s, parallelism ${m.execution_parallelism}, retention ${showNumber(m.knowledge_retention)} s, learning rate ${showNumber(m.learning_rate)}: ${m.reason}`,
  transitions: (m) => `${m.system} ${m.from} -> ${m.to}${m.forced ? " (forced)" : ""}: ${m.reason}`,
  feedback: (m) => `${m.system} signal ${m.loop} from ${m.source}: ${JSON.stringify(m.signal)}`,
  actions: (m) =>
    `${m.system} action ${m.loop} ${m.status}: ${m.target.series ?? m.target.service} ${m.target.setting} ${show(m.from)} -> ${show(m.to)}${m.helped === null ? "" : m.helped ? ", helped" : ", hurt"}: ${m.reason}`,
};

/** Describes an output in one line. */
export const describeOutput = <F extends keyof OutputMessages>(
  family: F,
  message: OutputMessages[F],
): string => DESCRIPTIONS[family](message);

const series = (m: {
  system: string;
  metric: string;
  labels: Readonly<Record<string, string>>;
}): string => `${m.system} ${showSeries(m.metric, m.labels)}`;

const side = (m: { side?: string | undefined }): string => (m.side === "lower" ? "lower " : "");

const show = (value: number | string | null): string =>
  typeof value === "string" ? value : showNumber(value);
