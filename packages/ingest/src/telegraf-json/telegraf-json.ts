import type { Labels } from "@mapek/core/contract";
import { Findings, type Parsed } from "../reading.ts";

/**
 * Reads Telegraf's `data_format = "json"`, already decoded: one metric, or a batch in `metrics`.
 *
 * Names are those of line protocol. The unit of a timestamp follows from its size ({@link timeOfMagnitude}). Booleans
 * become 0 and 1; strings are skipped.
 */
export function parseTelegrafJson(body: unknown): Parsed {
  const findings = new Findings();
  const batch = (body as { metrics?: unknown } | null)?.metrics;
  for (const metric of Array.isArray(batch) ? batch : [body]) readMetric(metric, findings);
  return findings;
}

function readMetric(metric: unknown, findings: Findings) {
  const { name, tags, fields, timestamp } = (metric ?? {}) as Record<string, unknown>;
  if (typeof name !== "string" || name === "" || typeof fields !== "object" || fields === null)
    return findings.malformed("expected an object with name and fields");
  if (timestamp !== undefined && typeof timestamp !== "number")
    return findings.malformed(`${name}: expected a whole number as timestamp`);
  const timeMs = timestamp === undefined ? undefined : timeOfMagnitude(timestamp);
  const labels = labelsOf(tags);
  for (const [field, value] of Object.entries(fields)) {
    const figure = typeof value === "boolean" ? Number(value) : value;
    if (figure === Number.POSITIVE_INFINITY || figure === Number.NEGATIVE_INFINITY)
      findings.skip("not_finite");
    else if (typeof figure === "number")
      findings.add({
        kind: "gauge",
        metric: field === "value" ? name : `${name}_${field}`,
        labels,
        timeMs,
        value: figure,
      });
    else findings.skip(typeof value === "string" ? "text" : "no_value");
  }
}

function labelsOf(tags: unknown): Labels {
  if (typeof tags !== "object" || tags === null) return {};
  const pairs = Object.entries(tags).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(pairs.filter(([, value]) => value !== ""));
}

/** Converts a time in s (below 1e11), ms (below 1e14), µs (below 1e17) or ns to milliseconds since 1970. */
export function timeOfMagnitude(time: number): number {
  if (time < 1e11) return time * 1_000;
  if (time < 1e14) return time;
  return Math.round(time / (time < 1e17 ? 1 : 1_000)) / 1_000;
}
