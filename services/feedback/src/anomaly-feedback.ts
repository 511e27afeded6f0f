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
import {
  influenceOf,
  influenceSpent,
  WHOLE_SYSTEM,
  type WithoutEffect,
  withinInfluence,
} from "./source-limits.ts";
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

/**
 * A false alarm lowers the sensitivity of its series, a missed anomaly raises it; the system as a
 * whole follows more weakly. Judged by the share of wrong labels among the next ones about the
 * same series.
 */
export function receiveLabel(
  turn: Turn,
  signalId: string,
  source: string,
  body: AnomalyFeedbackSignal,
  acts: boolean,
): WithoutEffect | undefined {
  const { state } = turn;
  const right = Number(body.true_positive ?? 0);
  const falseAlarms = Number(body.false_positive ?? 0);
  const missed = Number(body.false_negative ?? 0);
  const total = right + falseAlarms + missed;
  if (total === 0) return undefined;
  const id = seriesOf(state.system, body);
  const series = id === undefined ? undefined : seriesKey(id.system, id.metric, id.labels);
  const moves = acts && falseAlarms !== missed;
  const subject = series ?? WHOLE_SYSTEM;
  const ofSubject = influenceOf(state, source, "sensitivity", subject);
  countLabels(state.labelCounts, right, falseAlarms, missed);
  if (moves && ofSubject.spent) return influenceSpent(state, source);
  const errorShare = (falseAlarms + missed) / total;
  if (series !== undefined) noteLabel(turn, series, errorShare);
  noteLabel(turn, WHOLE_SYSTEM, errorShare);
  const asked = FALSE_POSITIVE_FACTOR ** falseAlarms * FALSE_NEGATIVE_FACTOR ** missed;
  const bounded = Math.min(Math.max(asked, LEAST_FACTOR), LARGEST_FACTOR);
  const wanted = dampFactor(bounded, state.loops.anomaly_feedback.damping);
  if (!moves) return undefined;

  const ofSystem = influenceOf(state, source, "sensitivity", WHOLE_SYSTEM);
  const factor = series === undefined ? wanted : withinInfluence(wanted, ofSubject);
  if (series !== undefined) ofSubject.use(Math.abs(Math.log(factor)));
  const systemFactor = withinInfluence(wanted ** SYSTEM_EXPONENT, ofSystem);
  ofSystem.use(Math.abs(Math.log(systemFactor)));
  const before =
    meanOfNewest(state.labels.get(subject) ?? [], state.settings.judgement_signals) ?? errorShare;
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
    return undefined;
  }
  begin(turn, "anomaly_feedback", {
    ...common,
    command: { name: "scale_sensitivity", metric: id.metric, labels: id.labels, factor },
    reason: `${labels}: sensitivity × ${figure(factor)}, of the system × ${figure(systemFactor)}`,
    ...(!ofSystem.spent && { broadcastFactor: systemFactor }),
  });
  return undefined;
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
