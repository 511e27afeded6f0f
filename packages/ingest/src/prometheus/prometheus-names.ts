import type { Labels } from "@mapek/core/contract";
import type { Findings } from "../reading.ts";

/** Type of a family; undefined where the format gives none. */
export type PrometheusType = "counter" | "gauge" | "histogram" | "summary" | undefined;

/** One value of a Prometheus series. */
export interface PrometheusValue {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number | undefined;
  readonly startMs: number | undefined;
  readonly stale: boolean;
  /** Type of the series' family. */
  readonly type: PrometheusType;
}

/**
 * Turns a value of a Prometheus series into a reading.
 *
 * Without a type the name decides: `_total`, `_count` and `_sum` are totals, `_bucket` with a label `le` is a bucket,
 * all others are gauges. Quantiles of a summary are gauges and keep their label; `_created` is skipped.
 */
export function addPrometheusValue(point: PrometheusValue, findings: Findings) {
  const { name, labels, value, timeMs, startMs, stale, type } = point;
  const isGauge = type === "gauge";
  const le = labels.le;
  const isBucket = !isGauge && name.endsWith("_bucket") && le !== undefined;
  if (isBucket) {
    const upperBound = parsePrometheusNumber(le);
    if (upperBound === undefined || Number.isNaN(upperBound)) return findings.skip("bad_name");
    const { le: _, ...others } = labels;
    const bucket = { metric: name.slice(0, -"_bucket".length), labels: others, timeMs, upperBound };
    if (stale) findings.add({ kind: "stale", ...bucket });
    else if (!Number.isFinite(value)) findings.skip("not_finite");
    else findings.add({ kind: "bucket", ...bucket, value, startMs });
    return;
  }
  const series = { metric: name, labels, timeMs };
  if (stale) findings.add({ kind: "stale", ...series, upperBound: undefined });
  else if (!Number.isFinite(value)) findings.skip("not_finite");
  else if (!isGauge && name.endsWith("_created")) findings.skip("unsupported");
  else if (isTotal(name, labels, type))
    findings.add({ kind: "cumulative", ...series, value, startMs });
  else findings.add({ kind: "gauge", ...series, value });
}

function isTotal(name: string, labels: Labels, type: PrometheusType): boolean {
  if (type === "gauge") return false;
  if (type === "counter") return true;
  if (labels.quantile !== undefined) return false;
  return /_(?:total|count|sum)$/.test(name);
}

/**
 * Parses a number as Prometheus writes it (Go's ParseFloat without underscores and hexadecimals); undefined for any
 * other text.
 */
export function parsePrometheusNumber(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  return /^[+-]?nan$/i.test(text) ? Number.NaN : undefined;
}
