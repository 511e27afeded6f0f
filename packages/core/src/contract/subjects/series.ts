import { accepted, type Decoded, refused } from "../errors.ts";
import type { Labels } from "./labels.ts";
import { fnv1a32 } from "./partition.ts";
import { type ThresholdSide, TOKEN_PATTERN } from "./vocabulary.ts";

/** Identity of a series: the system, the metric's true name, and the labels. */
export interface SeriesId {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
}

/**
 * One canonical text for a series: `checkout/latency_ms` or `checkout/latency_ms{host="a",zone="b"}`.
 * Labels are sorted by name (code units); `\`, `"` and, in the metric, `{` are escaped with `\`.
 * Equal series give equal keys, different series different ones.
 *
 * Cost: O(length); keep the key rather than build it again.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { seriesKey } from "@mapek/core/contract";
 *
 * // Labels in any order name the same series.
 * const key = seriesKey("checkout", "latency", { host: "a", zone: "eu" });
 * assert.equal(key, seriesKey("checkout", "latency", { zone: "eu", host: "a" }));
 * ```
 */
export function seriesKey(system: string, metric: string, labels: Labels = {}): string {
  const names = Object.keys(labels);
  const head = `${system}/${escapeText(metric, METRIC_SPECIAL, "{")}`;
  if (names.length === 0) return head;
  names.sort();
  const pairs = names.map(
    (name) =>
      `"${escapeText(name, QUOTED_SPECIAL, '"')}"="${escapeText(labels[name] ?? "", QUOTED_SPECIAL, '"')}"`,
  );
  return `${head}{${pairs.join(",")}}`;
}

/**
 * Copies a text for long storage: a text cut out of a decoded message keeps the whole message in memory.
 * Cost: O(length), a copy.
 */
export const ownText = (text: string): string => JSON.parse(JSON.stringify(text));

const METRIC_SPECIAL = /[\\{]/g;
const QUOTED_SPECIAL = /[\\"]/g;

/** Searches before replacing, since most texts need no escape and a search is cheaper than an empty replacement. */
function escapeText(text: string, special: RegExp, second: string): string {
  return text.includes("\\") || text.includes(second) ? text.replace(special, "\\$&") : text;
}

/**
 * The inverse of {@link seriesKey}; any text that is no series key is refused with MAPEK_SUBJECT_INVALID.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { parseSeriesKey, seriesKey } from "@mapek/core/contract";
 *
 * const read = parseSeriesKey(seriesKey("checkout", "latency", { host: "a" }));
 * assert(read.ok);
 * assert.deepEqual(read.value, { system: "checkout", metric: "latency", labels: { host: "a" } });
 * ```
 */
export function parseSeriesKey(key: string): Decoded<SeriesId> {
  const slash = key.indexOf("/");
  const system = key.slice(0, slash);
  if (slash < 0 || !TOKEN_PATTERN.test(system))
    return refused("MAPEK_SUBJECT_INVALID", `no system in series key ${JSON.stringify(key)}`);
  let metric = "";
  let i = slash + 1;
  for (; i < key.length && key[i] !== "{"; i++) {
    if (key[i] === "\\") i++;
    metric += key[i] ?? "";
  }
  if (metric === "")
    return refused("MAPEK_SUBJECT_INVALID", `no metric in series key ${JSON.stringify(key)}`);
  const labels: Labels = {};
  if (i < key.length) {
    const body = key.slice(i);
    const pairs = [...body.matchAll(/"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"/gs)];
    for (const [, name = "", value = ""] of pairs) labels[unescapeText(name)] = unescapeText(value);
    if (seriesKey(system, metric, labels) !== key)
      return refused("MAPEK_SUBJECT_INVALID", `bad labels in series key ${JSON.stringify(key)}`);
  }
  return accepted({ system, metric, labels });
}

const unescapeText = (text: string): string => text.replace(/\\(.)/gs, "$1");

/** The true name with every character that a subject token may not hold replaced by `_`. */
export function metricToken(metric: string): string {
  return metric.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 128);
}

/**
 * The key of a series in the bucket of thresholds: `<system>.<metric>`, followed by `.<hash of its series key>` for a
 * labelled series or a metric whose token differs from its name, followed by `.lower` for a lower threshold.
 */
export function thresholdKey(id: SeriesId, side: ThresholdSide = "upper"): string {
  const key = upperKey(id);
  return side === "upper" ? key : `${key}.lower`;
}

function upperKey(id: SeriesId): string {
  const token = metricToken(id.metric);
  const base = `${id.system}.${token}`;
  if (token === id.metric && Object.keys(id.labels).length === 0) return base;
  const key = seriesKey(id.system, id.metric, id.labels);
  const hash =
    fnv1a32(key).toString(16).padStart(8, "0") + fnv1a32(`${key}#`).toString(16).padStart(8, "0");
  return `${base}.${hash}`;
}
