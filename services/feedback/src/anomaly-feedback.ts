import {
  type AnomalyFeedbackSignal,
  parseSeriesKey,
  type SeriesId,
  seriesKey,
  seriesKeyOfAnomaly,
} from "@mapek/core/messages";
import { begin, beginSystemWide } from "./actions.ts";
import { broadcastSensitivity } from "./commands.ts";
import { dampFactor } from "./damping.ts";
import { figure } from "./figure.ts";
import { observe } from "./judgement.ts";
import { type LabelCounts, meanOfNewest, type Turn } from "./state.ts";

const FALSE_POSITIVE_FACTOR = 0.8;
const FALSE_NEGATIVE_FACTOR = 1.25;
const LEAST_FACTOR = 0.5;
const LARGEST_FACTOR = 2;
/** The whole system moves by the fourth root of what its series moves. */
const SYSTEM_EXPONENT = 1 / 4;
/** What a label still counts after each later one. */
const DECAY = 0.99;
/** Most labels that are remembered of a series. */
const LABEL_MEMORY = 20;
const WHOLE_SYSTEM = "";

/**
 * A false alarm lowers the sensitivity of its series, a missed anomaly raises it; the system as a
 * whole follows more weakly. Judged by the share of wrong labels among the next ones about the
 * same series.
 */
export function receiveLabel(
  turn: Turn,
  signalId: string,
  body: AnomalyFeedbackSignal,
  acts: boolean,
): void {
  const { state } = turn;
  const right = Number(body.true_positive ?? 0);
  const falseAlarms = Number(body.false_positive ?? 0);
  const missed = Number(body.false_negative ?? 0);
  const total = right + falseAlarms + missed;
  if (total === 0) return;
  countLabels(state.labelCounts, right, falseAlarms, missed);
  const id = seriesOf(state.system, body);
  const series = id === undefined ? undefined : seriesKey(id.system, id.metric, id.labels);
  const errorShare = (falseAlarms + missed) / total;
  if (series !== undefined) noteLabel(turn, series, errorShare);
  noteLabel(turn, WHOLE_SYSTEM, errorShare);
  const asked = FALSE_POSITIVE_FACTOR ** falseAlarms * FALSE_NEGATIVE_FACTOR ** missed;
  const bounded = Math.min(Math.max(asked, LEAST_FACTOR), LARGEST_FACTOR);
  const factor = dampFactor(bounded, state.loops.anomaly_feedback.damping);
  if (!acts || falseAlarms === missed) return;

  const subject = series ?? WHOLE_SYSTEM;
  const before =
    meanOfNewest(state.labels.get(subject) ?? [], state.settings.judgement_signals) ?? errorShare;
  const systemFactor = factor ** SYSTEM_EXPONENT;
  const labels = `${falseAlarms} false and ${missed} missed of ${total}`;
  const common = {
    signalId,
    subject,
    target: { service: "learner", setting: "sensitivity", series: series ?? null },
    objective: "label_error",
    before,
    predicted: before * Math.min(factor, 1 / factor),
  } as const;
  if (id === undefined) {
    const command = broadcastSensitivity(systemFactor);
    const reason = `${labels}: sensitivity of the system × ${figure(systemFactor)}`;
    beginSystemWide(turn, "anomaly_feedback", { ...common, command, reason }, systemFactor);
    return;
  }
  begin(turn, "anomaly_feedback", {
    ...common,
    command: { name: "scale_sensitivity", metric: id.metric, labels: id.labels, factor },
    reason: `${labels}: sensitivity × ${figure(factor)}, of the system × ${figure(systemFactor)}`,
    broadcastFactor: systemFactor,
  });
}

/** The series that a label is about: that of its anomaly, else the one it names. */
function seriesOf(system: string, body: AnomalyFeedbackSignal): SeriesId | undefined {
  const key = body.anomaly_id === undefined ? undefined : seriesKeyOfAnomaly(body.anomaly_id);
  if (key !== undefined) {
    const parsed = parseSeriesKey(key);
    if (parsed.ok && parsed.value.system === system) return parsed.value;
  }
  if (body.metric === undefined) return undefined;
  return { system, metric: body.metric, labels: body.labels ?? {} };
}

function noteLabel(turn: Turn, subject: string, errorShare: number): void {
  const recent = turn.state.labels.get(subject) ?? [];
  recent.push(errorShare);
  if (recent.length > LABEL_MEMORY) recent.shift();
  turn.state.labels.set(subject, recent);
  observe(turn, "anomaly_feedback", subject, errorShare);
}

function countLabels(counts: LabelCounts, right: number, falseAlarms: number, missed: number) {
  counts.truePositives = counts.truePositives * DECAY + right;
  counts.falsePositives = counts.falsePositives * DECAY + falseAlarms;
  counts.falseNegatives = counts.falseNegatives * DECAY + missed;
}

/** Share of alarms that were right, 0–1, later labels counting more; null without any. */
export function precisionOf({ truePositives, falsePositives }: LabelCounts): number | null {
  const alarms = truePositives + falsePositives;
  return alarms === 0 ? null : truePositives / alarms;
}

/** Share of anomalies that raised an alarm, 0–1, later labels counting more; null without any. */
export function recallOf({ truePositives, falseNegatives }: LabelCounts): number | null {
  const anomalies = truePositives + falseNegatives;
  return anomalies === 0 ? null : truePositives / anomalies;
}
