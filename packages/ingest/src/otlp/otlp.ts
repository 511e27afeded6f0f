import type { Labels } from "@mapek/core/contract";
import { readMessage } from "../protobuf-message.ts";
import { Findings, type Parsed } from "../reading.ts";
import { explicitBuckets } from "./exponential-buckets.ts";
import { EXPORT_REQUEST } from "./otlp-fields.ts";

const DELTA = 1;
const CUMULATIVE = 2;
const NO_RECORDED_VALUE = 1;
/** Most buckets of one histogram. */
const MAX_BUCKETS = 400;

/** A message in its JSON form; its content is not checked yet. */
type Message = Readonly<Record<string, unknown>>;

/**
 * Reads the protobuf form of `ExportMetricsServiceRequest`.
 *
 * @throws {Error} Where the bytes are not such a message. Bytes with unknown fields only are refused too: they are
 * another message.
 */
export function decodeOtlp(bytes: Uint8Array): Message {
  const body = readMessage(bytes, EXPORT_REQUEST);
  if (bytes.length > 0 && body.resourceMetrics === undefined)
    throw new Error("no resource_metrics");
  return body;
}

/**
 * Reads an `ExportMetricsServiceRequest` in its JSON form, already decoded.
 *
 * Gauges and non-monotonic sums become gauges, monotonic sums totals, delta sums deltas. A summary becomes gauges with
 * a label `quantile`, and the total `<name>_count`. Labels are the attributes of a point and the named attributes of
 * its resource.
 *
 * @param resourceLabels Names of resource attributes that become labels.
 */
export function parseOtlp(body: unknown, resourceLabels: readonly string[]): Parsed {
  const findings = new Findings();
  const resources = (body as Message | null)?.resourceMetrics;
  if (!Array.isArray(resources)) {
    // An empty request has no fields.
    if (resources !== undefined || !isMessage(body)) findings.malformed("expected resourceMetrics");
    return findings;
  }
  for (const resource of messages(resources)) {
    const attributes = attributesOf((resource.resource as Message | undefined)?.attributes);
    const named = attributes.filter(([name]) => resourceLabels.includes(name));
    for (const scope of messages(resource.scopeMetrics))
      for (const metric of messages(scope.metrics)) readMetric(metric, named, findings);
  }
  return findings;
}

const isMessage = (value: unknown): value is Message =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const messages = (value: unknown): Message[] =>
  Array.isArray(value) ? value.filter(isMessage) : [];
const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(numberOf) : []);

/** 64-bit integers are strings in protobuf's JSON form; some senders write numbers. */
function numberOf(value: unknown): number {
  if (typeof value === "string" && value !== "") return Number(value);
  return typeof value === "number" ? value : Number.NaN;
}

function timeOf(nanoseconds: unknown): number | undefined {
  const time = nanoseconds === undefined ? 0 : numberOf(nanoseconds);
  return time === 0 ? undefined : Math.round(time / 1_000) / 1_000;
}

function attributesOf(attributes: unknown): [string, string][] {
  const pairs: [string, string][] = [];
  for (const { key, value } of messages(attributes)) {
    const { stringValue, boolValue, intValue, doubleValue } = isMessage(value) ? value : {};
    const text = stringValue ?? boolValue ?? intValue ?? doubleValue;
    if (typeof key === "string" && key !== "" && text !== undefined && text !== "")
      pairs.push([key, String(text)]);
  }
  return pairs;
}

/** Values that the points of one metric share. */
interface Context {
  readonly metric: string;
  readonly temporality: unknown;
  readonly isMonotonic: boolean;
  readonly findings: Findings;
}

/** The fields of every kind of point. */
interface PointHead {
  readonly metric: string;
  readonly labels: Labels;
  readonly timeMs: number | undefined;
}

function readMetric(metric: Message, resource: readonly [string, string][], findings: Findings) {
  const { name } = metric;
  if (typeof name !== "string" || name === "") return findings.malformed("a metric without a name");
  const kind = (Object.keys(READERS) as (keyof typeof READERS)[]).find((one) =>
    isMessage(metric[one]),
  );
  if (kind === undefined) return findings.skip("unsupported");
  const data = metric[kind] as Message;
  const { aggregationTemporality, isMonotonic } = data;
  const context: Context = {
    metric: name,
    temporality: aggregationTemporality,
    isMonotonic: isMonotonic === true,
    findings,
  };
  for (const point of messages(data.dataPoints)) {
    const timeMs = timeOf(point.timeUnixNano);
    const pairs = [...resource, ...attributesOf(point.attributes)];
    const head: PointHead = { metric: name, labels: Object.fromEntries(pairs), timeMs };
    if (Number.isNaN(timeMs)) findings.malformed(`${name}: bad timeUnixNano`);
    else if ((numberOf(point.flags ?? 0) & NO_RECORDED_VALUE) !== 0)
      findings.add({ kind: "stale", ...head, upperBound: undefined });
    else READERS[kind](point, head, context);
  }
}

const READERS = {
  gauge: (point: Message, head: PointHead, { findings }: Context) => {
    const value = figureOf(point, findings);
    if (value !== undefined) findings.add({ kind: "gauge", ...head, value });
  },
  sum: (point: Message, head: PointHead, context: Context) => {
    const { findings, isMonotonic, temporality } = context;
    const value = figureOf(point, findings);
    if (value === undefined) return;
    const startMs = timeOf(point.startTimeUnixNano);
    if (temporality === DELTA) findings.add({ kind: "delta", ...head, value, startMs });
    else if (temporality !== CUMULATIVE) findings.skip("unsupported");
    else if (isMonotonic) findings.add({ kind: "cumulative", ...head, value, startMs });
    else findings.add({ kind: "gauge", ...head, value });
  },
  histogram: (point: Message, head: PointHead, context: Context) => {
    const buckets = { bounds: numbers(point.explicitBounds), counts: numbers(point.bucketCounts) };
    addHistogram(buckets, undefined, point, head, context);
  },
  exponentialHistogram: (point: Message, head: PointHead, context: Context) => {
    const scale = numberOf(point.scale ?? 0);
    const positive = sideOf(point.positive);
    const negative = sideOf(point.negative);
    const fits = positive.counts.length + negative.counts.length <= MAX_BUCKETS;
    const buckets = fits
      ? explicitBuckets({
          ...{ scale, positive, negative },
          zeroCount: numberOf(point.zeroCount ?? 0),
          zeroThreshold: numberOf(point.zeroThreshold ?? 0),
        })
      : undefined;
    if (buckets === undefined) return context.findings.skip("unsupported");
    addHistogram(buckets, scale, point, head, context);
  },
  summary: (point: Message, head: PointHead, { findings }: Context) => {
    for (const { quantile = 0, value = 0 } of messages(point.quantileValues)) {
      const labels = { ...head.labels, quantile: String(numberOf(quantile)) };
      if (Number.isFinite(numberOf(value)))
        findings.add({ kind: "gauge", ...head, labels, value: numberOf(value) });
      else findings.skip("not_finite");
    }
    const count = numberOf(point.count ?? 0);
    const startMs = timeOf(point.startTimeUnixNano);
    const metric = `${head.metric}_count`;
    if (Number.isFinite(count))
      findings.add({ kind: "cumulative", ...head, metric, value: count, startMs });
    else findings.skip("not_finite");
  },
} as const;

function figureOf({ asDouble, asInt }: Message, findings: Findings): number | undefined {
  const value = numberOf(asDouble ?? asInt);
  if (Number.isFinite(value)) return value;
  findings.skip(asDouble === undefined && asInt === undefined ? "no_value" : "not_finite");
  return undefined;
}

const sideOf = (side: unknown) => {
  const { offset = 0, bucketCounts } = isMessage(side) ? side : {};
  return { offset: numberOf(offset), counts: numbers(bucketCounts) };
};

function addHistogram(
  { bounds, counts }: { bounds: readonly number[]; counts: readonly number[] },
  scale: number | undefined,
  point: Message,
  head: PointHead,
  { findings, temporality }: Context,
) {
  const ascending = bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] as number));
  const sound = bounds.every(Number.isFinite) && counts.every((count) => count >= 0);
  // A histogram may have a count and no buckets.
  const plain = counts.length === 0 && bounds.length === 0 ? [numberOf(point.count ?? 0)] : counts;
  if (!ascending || !sound || plain.length !== bounds.length + 1 || !Number.isFinite(plain[0]))
    return findings.malformed(`${head.metric}: bounds and counts do not belong together`);
  if (bounds.length > MAX_BUCKETS || (temporality !== DELTA && temporality !== CUMULATIVE))
    return findings.skip("unsupported");
  findings.add({
    kind: "histogram",
    ...head,
    temporality: temporality === DELTA ? "delta" : "cumulative",
    ...{ bounds, counts: plain, scale },
    startMs: timeOf(point.startTimeUnixNano),
  });
}
