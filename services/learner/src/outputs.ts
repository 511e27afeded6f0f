import type { SeriesEvent } from "@mapek/core/learning";
import {
  type Anomaly,
  type Change,
  type MessageError,
  metricToken,
  REJECTED_PAYLOAD_BYTES,
  type Recommendation,
  type Rejected,
  type Threshold,
  type ThresholdSide,
  thresholdKey,
} from "@mapek/core/messages";
import type { Output } from "@mapek/runtime";
import type { Series } from "./series/series.ts";

/** What an event of a series becomes: public messages, and what the feedback service must know. */
export function outputsOf(series: Series, event: SeriesEvent): Output[] {
  const { system, metric, labels } = series.id;
  const tokens = [system, metricToken(metric)];
  const head = { version: 1, system, metric, labels } as const;
  switch (event.type) {
    case "recommendation": {
      const message: Recommendation = {
        ...head,
        ...sideOf(event),
        ...event.recommendation,
        timestamp: event.time,
      };
      const log: Output = { to: "log", family: "recommendations", tokens, message };
      if (message.provisional) return [log];
      const input = {
        version: 1,
        kind: "recommendation",
        time: event.time,
        system,
        recommendation: message,
        in_force: event.inForce,
        ...(event.rate !== undefined && { in_force_rate: event.rate }),
      } as const;
      return [log, { to: "feedback", key: system, input }];
    }
    case "threshold": {
      const { schedule } = event;
      const message: Threshold = {
        ...head,
        ...sideOf(event),
        ...event.threshold,
        ...(schedule !== undefined && { schedule }),
      };
      return [
        { to: "log", family: "thresholds", tokens, message },
        { to: "latest", key: thresholdKey(series.id, event.side), message },
      ];
    }
    case "anomaly": {
      const message: Anomaly = {
        ...head,
        anomaly_id: `${series.key}@${event.incident.opened_at}`,
        phase: event.phase,
        ...event.incident,
        ...(series.group !== undefined && { group: series.group }),
        threshold: event.threshold,
        timestamp: event.time,
      };
      return [{ to: "log", family: "anomalies", tokens, message }];
    }
    case "change": {
      const { time, type: _, ...change } = event;
      const message: Change = { ...head, ...change, timestamp: time };
      return [{ to: "log", family: "changes", tokens, message }];
    }
    case "outcome": {
      const { actionId, before, after, expected, noiseVariance, samples, time } = event;
      const input = {
        version: 1,
        kind: "outcome",
        time,
        system,
        action_id: actionId,
        objective: "exceedance_error",
        before,
        after,
        expected,
        noise_variance: noiseVariance,
        samples,
      } as const;
      return [{ to: "feedback", key: system, input }];
    }
  }
}

/** A side is named where it is not the upper one, which readers of old take it for. */
const sideOf = ({ side }: { side: ThresholdSide }): { side?: "lower" } =>
  side === "lower" ? { side } : {};

/** A dead letter about a series that is not learned: a bad key or one too many costs itself, not its whole batch. */
export function refusedSeries(
  key: string,
  timestamp: number,
  { code, detail }: MessageError,
): Output {
  const bytes = Buffer.from(key);
  const message: Rejected = {
    version: 1,
    service: "learner",
    code,
    reason: detail,
    subject: "",
    payload: bytes.subarray(0, REJECTED_PAYLOAD_BYTES).toString("base64"),
    payload_bytes: bytes.length,
    timestamp,
  };
  return { to: "log", family: "rejected", tokens: ["learner"], message };
}
