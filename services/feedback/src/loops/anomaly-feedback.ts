import type { LearnerCommand } from "@mapek/core/contract";
import { clamp, figure } from "@mapek/core/statistics";
import { begin, beginSystemWide } from "../actions/actions.ts";
import { broadcastSensitivity } from "../actions/commands.ts";
import { dampFactor } from "../judgement/damping.ts";
import { observe } from "../judgement/judgement.ts";
import {
  influenceOf,
  influenceSpent,
  type Sender,
  WHOLE_SYSTEM,
  type WithoutEffect,
  weightOf,
  withinInfluence,
} from "../sources/source-limits.ts";
import { meanOfNewest, type Turn } from "../state.ts";
import { type Label, readLabel } from "./label.ts";
import { countLabels, type LabelRecord, noLabels } from "./label-record.ts";
import type { LoopRules, Signal } from "./loop-rules.ts";

/** Nine labels of ten are right. */
const GOAL = 0.1;
const FALSE_POSITIVE_FACTOR = 0.8;
const FALSE_NEGATIVE_FACTOR = 1.25;
const LEAST_FACTOR = 0.5;
const LARGEST_FACTOR = 2;
/** The sensitivity of the system is scaled by the fourth root of the factor of its series. */
const SYSTEM_EXPONENT = 1 / 4;
/** Where a label taught a kind of burst, its series' sensitivity moves by the fourth root only: 0.85 for three false alarms. */
const KNOWN_KIND_EXPONENT = 1 / 4;

/**
 * A false alarm lowers the sensitivity of its series, a missed anomaly raises it; the sensitivity of the whole
 * system follows more weakly. A label that names its anomaly also teaches the series that kind of burst.
 * The action is judged by the share of wrong labels among the next labels about the same series.
 *
 * @returns Why the label has no effect; undefined where it may have one.
 */
function receive(
  turn: Turn,
  { id: signalId, source, body, acts }: Signal<"anomaly_feedback">,
): WithoutEffect | undefined {
  const { state } = turn;
  const label = readLabel(state.system, body);
  const { series, total, falseAlarms, missed } = label;
  if (total === 0) return undefined;
  const weight = weightOf(state.settings, source);
  const moves = acts && falseAlarms !== missed;
  const subject = series?.key ?? WHOLE_SYSTEM;
  const ofSubject = influenceOf(state, source, "sensitivity", subject);
  count(turn, WHOLE_SYSTEM, label, weight);
  if (series !== undefined) count(turn, series.key, label, weight);
  if (moves && ofSubject.spent) return influenceSpent(state, source);
  const measure = (falseAlarms + missed) / total;
  const observation = { goal: GOAL, measure };
  if (series !== undefined)
    observe(turn, "anomaly_feedback", { ...observation, stream: series.key });
  const learns = series === undefined;
  observe(turn, "anomaly_feedback", { ...observation, stream: WHOLE_SYSTEM, learns });
  const step = state.loops.anomaly_feedback.damping * weight;
  if (moves) move(turn, signalId, source, label, step);
  else if (acts && label.lesson?.verdict === "true_positive")
    confirmKind(turn, signalId, source, label, step);
  return undefined;
}

/** @param step What damping and the source's weight leave of the step, 0–1. */
function move(turn: Turn, signalId: string, source: Sender, label: Label, step: number): void {
  const { state } = turn;
  const { series, lesson, total, falseAlarms, missed } = label;
  const subject = series?.key ?? WHOLE_SYSTEM;
  const ofSubject = influenceOf(state, source, "sensitivity", subject);
  const ofSystem = influenceOf(state, source, "sensitivity", WHOLE_SYSTEM);
  const asked = FALSE_POSITIVE_FACTOR ** falseAlarms * FALSE_NEGATIVE_FACTOR ** missed;
  const bounded = clamp(asked, LEAST_FACTOR, LARGEST_FACTOR);
  const wanted = dampFactor(bounded, step);
  const factor = series === undefined ? wanted : withinInfluence(wanted, ofSubject);
  if (series !== undefined) ofSubject.use(Math.abs(Math.log(factor)));
  const exponent = lesson === undefined ? SYSTEM_EXPONENT : SYSTEM_EXPONENT * KNOWN_KIND_EXPONENT;
  const systemFactor = withinInfluence(wanted ** exponent, ofSystem);
  ofSystem.use(Math.abs(Math.log(systemFactor)));
  const labels = `${falseAlarms} false and ${missed} missed of ${total}`;
  const before = errorBefore(turn, subject);
  const predicted = before * Math.min(factor, 1 / factor);
  const direction = Math.sign(missed - falseAlarms) as 1 | -1;
  const common = {
    ...aboutSensitivity(signalId, subject, series?.key),
    direction,
    before,
    predicted,
  };
  if (series === undefined) {
    const command = broadcastSensitivity(systemFactor);
    const reason = `${labels}: sensitivity of the system × ${figure(systemFactor)}`;
    beginSystemWide(turn, "anomaly_feedback", { ...common, command, reason }, systemFactor);
    return;
  }
  const weight = step * (Math.log(factor) / Math.log(wanted));
  begin(turn, "anomaly_feedback", {
    ...common,
    command: {
      ...scaled(series.id, factor),
      ...(lesson !== undefined && { known_kind_factor: factor ** KNOWN_KIND_EXPONENT }),
      ...teaching(label, weight),
    },
    reason: `${labels}: sensitivity × ${figure(factor)}, of the system × ${figure(systemFactor)}`,
    ...(!ofSystem.spent && { broadcastFactor: systemFactor }),
  });
}

/** A confirmed alarm takes back part of what false alarms have taught about its kind of burst. */
function confirmKind(
  turn: Turn,
  signalId: string,
  source: Sender,
  label: Label,
  step: number,
): void {
  const { series } = label;
  if (series === undefined) return;
  const influence = influenceOf(turn.state, source, "confirmed_kind", series.key);
  if (influence.spent) return;
  const wanted = Math.abs(Math.log(FALSE_POSITIVE_FACTOR)) * step;
  const granted = Math.min(wanted, influence.left);
  influence.use(granted);
  const before = errorBefore(turn, series.key);
  begin(turn, "anomaly_feedback", {
    ...aboutSensitivity(signalId, series.key, series.key),
    command: { ...scaled(series.id, 1), ...teaching(label, step * (granted / wanted)) },
    reason: "the alarm was right: bursts of its kind are to be told again",
    direction: 0,
    before,
    predicted: before,
  });
}

type ScaleSensitivity = Extract<LearnerCommand, { name: "scale_sensitivity" }>;

const scaled = (
  { metric, labels }: NonNullable<Label["series"]>["id"],
  factor: number,
): ScaleSensitivity => ({ name: "scale_sensitivity", metric, labels, factor });

/** Part of the command that teaches a kind of burst; empty for a label that does not name one anomaly. */
const teaching = ({ lesson }: Label, weight: number): Partial<ScaleSensitivity> =>
  lesson === undefined
    ? {}
    : { anomaly_opened_at: lesson.openedAt, verdict: lesson.verdict, weight };

const aboutSensitivity = (signalId: string, subject: string, series: string | undefined) =>
  ({
    signalId,
    subject,
    stream: subject,
    target: { service: "learner", setting: "sensitivity", series: series ?? null },
    objective: "label_error",
  }) as const;

function recordOf({ state }: Turn, subject: string): LabelRecord {
  const known = state.labels.get(subject);
  if (known !== undefined) return known;
  const record = noLabels(state.timeMs);
  state.labels.set(subject, record);
  return record;
}

function count(turn: Turn, subject: string, label: Label, weight: number): void {
  const { settings, timeMs } = turn.state;
  countLabels(recordOf(turn, subject), label, weight, settings, timeMs);
}

/** Mean share of wrong labels in the last `judgement_signals` signals, the newest included; 0 without any. */
function errorBefore({ state }: Turn, subject: string): number {
  const stream = state.loops.anomaly_feedback.streams.byName.get(subject);
  return meanOfNewest(stream?.track.values ?? [], state.settings.judgement_signals) ?? 0;
}

export const anomalyFeedback: LoopRules<"anomaly_feedback"> = { goal: GOAL, receive };
