import { z } from "zod";
import { decodeBody, defineMessage } from "../codec/codec.ts";
import { plainDecimal } from "../codec/plain-decimal.ts";
import { accepted, type Decoded, type MessageErrorCode, refused } from "../errors.ts";
import { checkLabels, labelsSchema } from "../subjects/labels.ts";
import { inputVersionSchema, metricNameSchema, timestampSchema } from "../subjects/vocabulary.ts";
import { readPublicBatch, type SampleColumns } from "./sample-batch.ts";

/**
 * A sample as JSON or MessagePack. The subject names system and metric; `metric` gives the
 * true name where a subject token cannot hold the name.
 *
 * The hot path uses {@link checkSample}, which accepts exactly what this schema accepts.
 */
export const sample = defineMessage(
  "mapek.sample.v1",
  z.object({
    version: inputVersionSchema,
    value: z.number(),
    timestamp: timestampSchema.optional(),
    metric: metricNameSchema.optional(),
    labels: labelsSchema.optional(),
  }),
);
export type Sample = z.infer<typeof sample.schema>;

/**
 * The answer to samples and signals with a reply subject, sent after the samples or signals are stored. `not_taught` is present
 * for imported history, where the learner answers: samples older than the newest of their series fill its window and teach no
 * season, change or anomaly.
 */
export const inputReply = defineMessage(
  "mapek.reply.v1",
  z.object({
    accepted: z.number().int().min(0),
    rejected: z.array(
      z.object({ index: z.number().int().min(0), code: z.string(), message: z.string() }),
    ),
    not_taught: z.number().int().min(0).optional(),
  }),
);
export type InputReply = z.infer<typeof inputReply.schema>;

/** Contents of a payload on a metrics subject. */
export type SamplePayload =
  | { kind: "number"; value: number }
  | { kind: "rows"; rows: readonly unknown[] }
  | { kind: "columns"; columns: SampleColumns };

const NUMBER_TEXT = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

/**
 * Reads a payload: a number as text, one sample or an array of samples as JSON or MessagePack, or a
 * columnar batch. {@link checkSample} must still check samples in rows.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { decodeSamples } from "@mapek/core/contract";
 *
 * const read = decodeSamples(new TextEncoder().encode('{"value": 42}'));
 * assert(read.ok && read.value.kind === "rows");
 * assert.deepEqual(read.value.rows, [{ value: 42 }]);
 * const refused = decodeSamples(new TextEncoder().encode("{"));
 * assert(!refused.ok && refused.error.code === "MAPEK_MESSAGE_MALFORMED");
 * ```
 */
export function decodeSamples(bytes: Uint8Array, contentType?: string): Decoded<SamplePayload> {
  if (
    contentType === undefined &&
    bytes.length > 0 &&
    bytes.length <= 32 &&
    isNumberStart(bytes[0] ?? 0)
  ) {
    const plain = plainDecimal(bytes);
    if (!Number.isNaN(plain)) return accepted({ kind: "number", value: plain });
    const text = latin1(bytes);
    const value = Number(text);
    if (Number.isFinite(value) && NUMBER_TEXT.test(text))
      return accepted({ kind: "number", value });
    return notANumber(text);
  }
  const body = decodeBody(bytes, contentType);
  if (!body.ok) {
    const text = latin1(bytes.subarray(0, 32));
    return /^\s*[+-]?(nan|inf)/i.test(text) ? notANumber(text) : body;
  }
  if (typeof body.value === "number") {
    const value = body.value;
    return Number.isFinite(value) ? accepted({ kind: "number", value }) : notANumber(String(value));
  }
  if (!Array.isArray(body.value)) return accepted({ kind: "rows", rows: [body.value] });
  if (body.value[1] instanceof Uint8Array) {
    const columns = readPublicBatch(body.value);
    return columns.ok ? accepted({ kind: "columns", columns: columns.value }) : columns;
  }
  return accepted({ kind: "rows", rows: body.value });
}

/** Decodes one character per byte; faster than a TextDecoder for short texts. */
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");

const isNumberStart = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  byte === 0x2d ||
  byte === 0x2b ||
  byte === 0x2e ||
  byte === 0x20;

const notANumber = (text: string) =>
  refused(
    "MAPEK_SAMPLE_NOT_FINITE",
    `expected a finite number, got ${JSON.stringify(text.slice(0, 32))}`,
  );

/** The first fault of a decoded sample; undefined for a good sample. Cost: O(labels), no allocation for a good sample. */
export function checkSample(row: unknown): { code: MessageErrorCode; message: string } | undefined {
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return { code: "MAPEK_MESSAGE_INVALID", message: "expected an object with a value" };
  const { value, timestamp, metric, labels, version } = row as Record<string, unknown>;
  if (version !== undefined && version !== 1)
    return {
      code: "MAPEK_MESSAGE_UNKNOWN_VERSION",
      message: `version ${describe(version)}, this reader knows 1`,
    };
  if (typeof value !== "number" || !Number.isFinite(value))
    return {
      code: "MAPEK_SAMPLE_NOT_FINITE",
      message: `value: expected a finite number, got ${describe(value)}`,
    };
  if (timestamp !== undefined && !isTimestamp(timestamp))
    return {
      code: "MAPEK_SAMPLE_BAD_TIMESTAMP",
      message: `timestamp: expected milliseconds since 1970, got ${describe(timestamp)}`,
    };
  if (
    metric !== undefined &&
    (typeof metric !== "string" || metric.length < 1 || metric.length > 256)
  )
    return { code: "MAPEK_MESSAGE_INVALID", message: "metric: expected 1–256 characters" };
  const fault = labels === undefined ? undefined : checkLabels(labels);
  return fault === undefined
    ? undefined
    : { code: "MAPEK_SAMPLE_BAD_LABELS", message: `labels: ${fault}` };
}

export const isTimestamp = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= 9e12;

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "number"
    ? String(value)
    : (JSON.stringify(value)?.slice(0, 60) ?? typeof value);
}
