import { rarityText, unusualText } from "@mapek/core/anomaly-words";
import {
  type Anomaly,
  describeAnomaly,
  type Explanation,
  MessageError,
  metricToken,
  type OutputEvent,
  outputsOf,
  parseSeriesKey,
  type SeriesId,
  seriesKey,
  seriesKeyOfAnomaly,
  showSeries,
  showTime,
} from "@mapek/core/contract";
import type { EvidenceFamily } from "@mapek/core/statistics";
import {
  type Found,
  inOrder,
  linkOfOutput,
  linkOfTrimmed,
  newestOf,
  OutputLog,
  type Question,
  type ServiceContext,
  seriesOfOutput,
} from "@mapek/runtime";

/**
 * Answers the `explain` verb for the kind `anomaly`: what was unusual, and what followed. A question without an anomaly id
 * means the newest anomaly of the series as of the time asked about.
 */
export function explainAnomaly(context: ServiceContext) {
  const log = new OutputLog(context);
  return async (question: Question): Promise<Found> => {
    const series = seriesAsked(question);
    const tail = metricToken(series.metric);
    const key = seriesKey(series.system, series.metric, series.labels);
    const [{ outputs, cut }, beginsAt] = await Promise.all([
      log.read(
        series.system,
        [
          { family: "anomalies", tail },
          { family: "changes", tail },
          { family: "feedback", tail: "anomaly_feedback" },
          { family: "actions", tail: "anomaly_feedback" },
        ],
        { keep: (output) => isOf(key, output) },
      ),
      log.beginsAt(),
    ]);
    const found = composed(question, series, outputs, beginsAt);
    const behind = cut
      ? [linkOfTrimmed(beginsAt, "what is older than the newest 20,000 outputs")]
      : [];
    const { metric, labels } = series;
    return { metric, labels, ...found, causes: [...behind, ...found.causes] };
  };
}

/** The series in the anomaly's id, else the series that the question names. @throws {MessageError} MAPEK_MESSAGE_INVALID */
function seriesAsked({ system, metric, labels, anomalyId }: Question): SeriesId {
  if (anomalyId !== undefined) {
    const named = parseSeriesKey(seriesKeyOfAnomaly(anomalyId) ?? "");
    if (!named.ok || named.value.system !== system)
      throw new MessageError("MAPEK_MESSAGE_INVALID", `anomaly_id: none of system ${system}`);
    return named.value;
  }
  if (metric === undefined)
    throw new MessageError("MAPEK_MESSAGE_INVALID", "metric: an anomaly is of a series");
  return { system, metric, labels };
}

function isOf(key: string, output: OutputEvent): boolean {
  const id = seriesOfOutput(output);
  return id !== undefined && seriesKey(id.system, id.metric, id.labels) === key;
}

function composed(
  { anomalyId, at }: Question,
  { metric, labels }: SeriesId,
  outputs: readonly OutputEvent[],
  beginsAt: number | undefined,
): Found {
  const wanted = outputsOf("anomalies", outputs).findLast(
    ({ timestamp, message }) =>
      timestamp <= at && (anomalyId === undefined || message.anomaly_id === anomalyId),
  );
  if (wanted === undefined) {
    const which = anomalyId ?? `of ${showSeries(metric, labels)}`;
    const stored = beginsAt === undefined ? "" : `; the log begins ${showTime(beginsAt)}`;
    return {
      decision: null,
      rule: `No anomaly ${which} is stored by then${stored}.`,
      ...{ inputs: [], candidates: [], causes: [] },
      since: newestOf(outputs.map(linkOfOutput)),
    };
  }
  const anomaly = wanted.message;
  const isOwn = ({ family, message }: OutputEvent) =>
    family === "anomalies" && message.anomaly_id === anomaly.anomaly_id;
  const isLater = ({ seq }: OutputEvent) => seq > wanted.seq;
  return {
    decision: wanted,
    anomaly_id: anomaly.anomaly_id,
    rule: ruleOf(anomaly),
    inputs: inputsOf(anomaly),
    candidates: candidatesOf(anomaly),
    causes: inOrder(
      outputs.filter((output) => isOwn(output) && !isLater(output)).map(linkOfOutput),
    ),
    since: newestOf(outputs.filter(isLater).map(linkOfOutput)),
  };
}

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`;

function ruleOf(anomaly: Anomaly): string {
  const open = anomaly.phase === "closed" ? "" : " It is open.";
  return `${describeAnomaly(anomaly).split("; ").map(sentence).join(" ")}${open}`;
}

function inputsOf(anomaly: Anomaly): Explanation["inputs"] {
  const { expected = null, expected_low, expected_high, closed_at, group } = anomaly;
  return [
    { name: "opened", value: showTime(anomaly.opened_at), unit: "UTC" },
    ...(closed_at === null ? [] : [{ name: "ended", value: showTime(closed_at), unit: "UTC" }]),
    { name: "peak", value: anomaly.peak_value },
    { name: "peak at", value: showTime(anomaly.peak_at), unit: "UTC" },
    { name: "expected", value: expected },
    { name: "nine hours of ten from", value: expected_low },
    { name: "nine hours of ten to", value: expected_high },
    { name: "threshold in force", value: anomaly.threshold },
    ...(group === undefined ? [] : [{ name: "group", value: group }]),
  ];
}

/** Every family of evidence, the rarest first; chosen are the families that the anomaly names as unusual. */
function candidatesOf({ families, surprises }: Anomaly): Explanation["candidates"] {
  const found = Object.entries(surprises ?? {}) as [EvidenceFamily, number][];
  return found
    .sort(([, a], [, b]) => b - a)
    .map(([name, surprise]) => ({
      name,
      value: surprise === 0 ? "nothing" : rarityText(surprise),
      chosen: families?.includes(name) ?? false,
      detail: unusualText(name),
    }));
}
