import type { FeedbackSettings } from "@mapek/core/contract";

/** Counts of the labels of one series, or of the whole system. */
export interface LabelRecord {
  /** Decayed counts as of `atMs`: older labels count less. */
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
  /** Event time of the newest label, ms. */
  atMs: number;
}

/** Number of labels of each kind in one signal. */
export interface LabelCounts {
  readonly right: number;
  readonly falseAlarms: number;
  readonly missed: number;
}

export const noLabels = (atMs: number): LabelRecord => ({
  truePositives: 0,
  falsePositives: 0,
  falseNegatives: 0,
  atMs,
});

/**
 * Counts labels. The earlier counts halve with every `label_half_life_count` labels and with
 * every `label_half_life_seconds`.
 *
 * @param weight Weight of each new label, 0–1.
 */
export function countLabels(
  record: LabelRecord,
  { right, falseAlarms, missed }: LabelCounts,
  weight: number,
  { label_half_life_count: count, label_half_life_seconds: seconds }: FeedbackSettings,
  nowMs: number,
): void {
  const labels = (right + falseAlarms + missed) * weight;
  const kept = 0.5 ** (labels / count + (nowMs - record.atMs) / (seconds * 1_000));
  record.truePositives = record.truePositives * kept + right * weight;
  record.falsePositives = record.falsePositives * kept + falseAlarms * weight;
  record.falseNegatives = record.falseNegatives * kept + missed * weight;
  record.atMs = nowMs;
}

/** Share of alarms that were right, 0–1, later labels counting more; null without any. */
export function precisionOf({ truePositives, falsePositives }: LabelRecord): number | null {
  const alarms = truePositives + falsePositives;
  return alarms === 0 ? null : truePositives / alarms;
}

/** Share of anomalies that raised an alarm, 0–1, later labels counting more; null without any. */
export function recallOf({ truePositives, falseNegatives }: LabelRecord): number | null {
  const anomalies = truePositives + falseNegatives;
  return anomalies === 0 ? null : truePositives / anomalies;
}
