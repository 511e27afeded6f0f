import type { Labels } from "@mapek/core/contract";
import type { GaugeReading, Parsed, Reading } from "../src/reading.ts";

export const gauge = (
  metric: string,
  labels: Labels,
  timeMs: number | undefined,
  value: number,
): GaugeReading => ({ kind: "gauge", metric, labels, timeMs, value });

export const total = (
  metric: string,
  labels: Labels,
  timeMs: number | undefined,
  value: number,
  startMs?: number,
): Reading => ({ kind: "cumulative", metric, labels, timeMs, value, startMs });

/** Names and values of what was read. */
export const figures = ({ readings }: Parsed): [string, number | undefined][] =>
  readings.map((one) => [one.metric, "value" in one ? one.value : undefined]);
