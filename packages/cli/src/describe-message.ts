import type { OutputName, OutputOf } from "@mapek/client";
import { showNumber, showSeries, showTime } from "./output.ts";

type Messages = { [Name in OutputName]: (message: OutputOf<Name>) => string };

/** A readable line for a message of each family. */
const DESCRIPTIONS: Messages = {
  recommendations: (m) =>
    `${series(m)} ${side(m)}recommendation ${m.provisional ? "~" : ""}${showNumber(m.recommended_value)} (${m.strategy}, confidence ${showNumber(m.confidence)}): ${m.reasoning}`,
  thresholds: (m) =>
    `${series(m)} ${side(m)}threshold ${showNumber(m.previous)} -> ${showNumber(m.threshold)} (${m.strategy}, ${m.source}): ${m.reasoning}`,
  anomalies: (m) =>
    `${series(m)} anomaly ${m.phase}, ${m.direction} ${showNumber(m.expected_low)}…${showNumber(m.expected_high)}, peak ${showNumber(m.peak_value)} (score ${showNumber(m.peak_score)})`,
  changes: (m) =>
    `${series(m)} ${m.kind.replace("_", " ")} since ${showTime(m.since)}: ${m.reasoning}`,
  parameters: (m) =>
    `${m.system} parameters (${m.state}, ${m.mode}): interval ${showNumber(m.monitoring_interval)} s, depth ${m.analysis_depth}, lookahead ${showNumber(m.planning_lookahead)} s, parallelism ${m.execution_parallelism}, retention ${showNumber(m.knowledge_retention)} s, learning rate ${showNumber(m.learning_rate)}: ${m.reason}`,
  transitions: (m) => `${m.system} ${m.from} -> ${m.to}${m.forced ? " (forced)" : ""}: ${m.reason}`,
  feedback: (m) => `${m.system} signal ${m.loop} from ${m.source}: ${JSON.stringify(m.signal)}`,
  actions: (m) =>
    `${m.system} action ${m.loop} ${m.status}: ${m.target.series ?? m.target.service} ${m.target.setting} ${show(m.from)} -> ${show(m.to)}${m.helped === null ? "" : m.helped ? ", helped" : ", hurt"}: ${m.reason}`,
};

const series = (m: {
  system: string;
  metric: string;
  labels: Readonly<Record<string, string>>;
}): string => `${m.system} ${showSeries(m.metric, m.labels)}`;

const side = (m: { side?: string | undefined }): string => (m.side === "lower" ? "lower " : "");

const show = (value: number | string | null): string =>
  typeof value === "string" ? value : showNumber(value);

export function describeMessage<Name extends OutputName>(
  name: Name,
  message: OutputOf<Name>,
): string {
  return `${showTime(message.timestamp)} ${DESCRIPTIONS[name](message)}`;
}
