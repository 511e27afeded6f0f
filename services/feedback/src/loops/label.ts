import {
  type LabelVerdict,
  openingOfAnomaly,
  parseSeriesKey,
  type SeriesId,
  type SignalBodies,
  seriesKey,
  seriesKeyOfAnomaly,
} from "@mapek/core/contract";
import type { LabelCounts } from "./label-record.ts";

/** A label signal, read: counts by verdict, and the series that it is about. */
export interface Label extends LabelCounts {
  readonly total: number;
  /** Undefined where the whole system is meant. */
  readonly series: { readonly id: SeriesId; readonly key: string } | undefined;
  /** Verdict on the one anomaly that the label names; undefined where it names none, or carries several verdicts. */
  readonly lesson: Lesson | undefined;
}

/** A verdict on one anomaly, from which its series learns that kind of burst. */
interface Lesson {
  readonly verdict: LabelVerdict;
  /** Event time (ms) at which the anomaly opened. */
  readonly openedAt: number;
}

export function readLabel(system: string, body: SignalBodies["anomaly_feedback"]): Label {
  const right = Number(body.true_positive ?? 0);
  const falseAlarms = Number(body.false_positive ?? 0);
  const missed = Number(body.false_negative ?? 0);
  const total = right + falseAlarms + missed;
  const ofAnomaly = seriesOfAnomaly(system, body.anomaly_id);
  const id =
    ofAnomaly ??
    (body.metric === undefined
      ? undefined
      : { system, metric: body.metric, labels: body.labels ?? {} });
  const series =
    id === undefined ? undefined : { id, key: seriesKey(id.system, id.metric, id.labels) };
  const verdict = VERDICTS.find((_, i) => [right, falseAlarms, missed][i] === total);
  const openedAt = ofAnomaly && openingOfAnomaly(body.anomaly_id ?? "");
  const lesson = verdict && openedAt !== undefined ? { verdict, openedAt } : undefined;
  return { right, falseAlarms, missed, total, series, lesson };
}

const VERDICTS = ["true_positive", "false_positive", "false_negative"] as const;

/** The series of an anomaly; undefined where the id is malformed or belongs to another system. */
function seriesOfAnomaly(system: string, anomalyId: string | undefined): SeriesId | undefined {
  const key = anomalyId === undefined ? undefined : seriesKeyOfAnomaly(anomalyId);
  const parsed = key === undefined ? undefined : parseSeriesKey(key);
  return parsed?.ok && parsed.value.system === system ? parsed.value : undefined;
}
