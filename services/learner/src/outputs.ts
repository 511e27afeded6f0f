import {
  type Anomaly,
  type Change,
  type FeedbackInput,
  type MessageError,
  metricToken,
  type Outcome,
  REJECTED_PAYLOAD_BYTES,
  type Recommendation,
  type Rejected,
  type Threshold,
  type ThresholdSide,
  thresholdKey,
} from "@mapek/core/contract";
import type { SeriesEvent } from "@mapek/core/learning";
import type { Output } from "@mapek/runtime";
import type { Series } from "./series/series.ts";

type RecommendationInput = Extract<FeedbackInput, { kind: "recommendation" }>;

/**
 * What an event of a series becomes: public messages, and what the feedback service must know. Each is written field by
 * field, so that the compiler refuses what its schema does not know.
 */
export function outputsOf(series: Series, event: SeriesEvent): Output[] {
  const { system, metric, labels } = series.id;
  const tokens = [system, metricToken(metric)];
  switch (event.type) {
    case "recommendation": {
      const { recommendation: made, time } = event;
      const message: Recommendation = {
        version: 1,
        system,
        metric,
        labels,
        ...sideOf(event),
        recommended_value: made.recommended_value,
        confidence: made.confidence,
        strategy: made.strategy,
        reasoning: made.reasoning,
        candidates: made.candidates,
        supporting_data: made.supporting_data,
        provisional: made.provisional,
        timestamp: time,
      };
      const log: Output = { to: "log", family: "recommendations", tokens, message };
      if (message.provisional) return [log];
      const input: RecommendationInput = {
        version: 1,
        kind: "recommendation",
        time,
        system,
        recommendation: message,
        in_force: event.inForce,
        ...(event.rate !== undefined && { in_force_rate: event.rate }),
      };
      return [log, { to: "feedback", key: system, input }];
    }
    case "threshold": {
      const { threshold: inForce, schedule } = event;
      const message: Threshold = {
        version: 1,
        system,
        metric,
        labels,
        ...sideOf(event),
        threshold: inForce.threshold,
        strategy: inForce.strategy,
        confidence: inForce.confidence,
        reasoning: inForce.reasoning,
        source: inForce.source,
        pinned: inForce.pinned,
        action_id: inForce.action_id,
        timestamp: inForce.timestamp,
        previous: inForce.previous,
        ...(schedule !== undefined && { schedule }),
      };
      return [
        { to: "log", family: "thresholds", tokens, message },
        { to: "latest", key: thresholdKey(series.id, event.side), message },
      ];
    }
    case "anomaly": {
      const { incident } = event;
      const message: Anomaly = {
        version: 1,
        system,
        metric,
        labels,
        anomaly_id: `${series.key}@${incident.opened_at}`,
        phase: event.phase,
        opened_at: incident.opened_at,
        closed_at: incident.closed_at,
        peak_at: incident.peak_at,
        peak_value: incident.peak_value,
        peak_score: incident.peak_score,
        direction: incident.direction,
        expected_low: incident.expected_low,
        expected_high: incident.expected_high,
        expected: incident.expected,
        families: incident.families,
        surprises: incident.surprises,
        ending: incident.ending,
        ...(series.group !== undefined && { group: series.group }),
        threshold: event.threshold,
        timestamp: event.time,
      };
      return [{ to: "log", family: "anomalies", tokens, message }];
    }
    case "change": {
      const { kind, since, before, after, size, reasoning, time } = event;
      const message: Change = {
        version: 1,
        system,
        metric,
        labels,
        kind,
        since,
        before,
        after,
        size,
        reasoning,
        timestamp: time,
      };
      return [{ to: "log", family: "changes", tokens, message }];
    }
    case "outcome": {
      const { actionId, before, after, expected, noiseVariance, samples, time } = event;
      const input: Outcome = {
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
      };
      return [{ to: "feedback", key: system, input }];
    }
  }
}

/** Messages name only the lower side: earlier readers take a message without `side` for the upper one. */
const sideOf = ({ side }: { side: ThresholdSide }): { side?: "lower" } =>
  side === "lower" ? { side } : {};

/** Dead letter about a series that is not learned. The other series of its batch are learned all the same. */
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
