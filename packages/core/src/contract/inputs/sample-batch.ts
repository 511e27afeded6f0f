import { decodeMsgpack, encodeMsgpack } from "../codec/codec.ts";
import { accepted, type Decoded, refused } from "../errors.ts";
import type { Labels } from "../subjects/labels.ts";
import { checkLabels } from "../subjects/labels.ts";

/** Most samples of one batch and most series in its dictionary, bounded by a 16-bit index. */
export const MAX_BATCH_SAMPLES = 65_535;

/** One entry of a public batch's dictionary: a metric's true name, with labels where the series has labels. */
export type PublicSeries = string | readonly [metric: string, labels: Labels];

/**
 * Samples of several series without an object per sample: sample i belongs to
 * `series[index[i]]`, at `times[i]` (ms; NaN = the time of arrival), with `values[i]`.
 */
export interface SampleColumns<Series = PublicSeries> {
  readonly series: readonly Series[];
  readonly index: Uint16Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Samples of one partition, as the monitor stores samples; a series is named by its key. */
export interface SampleBatch extends SampleColumns<string> {
  /** True for imported history, which may have any age. */
  readonly history: boolean;
}

/**
 * A columnar batch for `metrics.<system>._`: MessagePack of `[dictionary, index, times, values]`, the
 * columns as little-endian binary (u16, f64, f64).
 */
export function encodePublicBatch(columns: SampleColumns): Uint8Array {
  return encodeMsgpack([
    columns.series,
    bytesOf(columns.index),
    bytesOf(columns.times),
    bytesOf(columns.values),
  ]);
}

/** Reads a decoded public batch; faults are MAPEK_MESSAGE_INVALID or MAPEK_SAMPLE_BAD_LABELS. Values are not yet checked. */
export function readPublicBatch(body: readonly unknown[]): Decoded<SampleColumns> {
  const [series, index, times, values] = body;
  if (body.length !== 4 || !Array.isArray(series))
    return refused("MAPEK_MESSAGE_INVALID", "expected [dictionary, index, times, values]");
  for (const entry of series as unknown[]) {
    const [metric, labels] = Array.isArray(entry) ? entry : [entry, undefined];
    if (typeof metric !== "string" || metric.length < 1 || metric.length > 256)
      return refused("MAPEK_MESSAGE_INVALID", "dictionary: expected a metric of 1–256 characters");
    const fault = labels === undefined ? undefined : checkLabels(labels);
    if (fault !== undefined) return refused("MAPEK_SAMPLE_BAD_LABELS", `dictionary: ${fault}`);
  }
  return readColumns(series as PublicSeries[], index, times, values);
}

const STORED_VERSION = 1;

/** The stored form: MessagePack of `[version, history, series keys, index, times, values]`. */
export function encodeSampleBatch(batch: SampleBatch): Uint8Array {
  const { series, index, times, values } = batch;
  return encodeMsgpack([
    STORED_VERSION,
    batch.history,
    series,
    bytesOf(index),
    bytesOf(times),
    bytesOf(values),
  ]);
}

/** Reads a stored batch; never throws. */
export function decodeSampleBatch(bytes: Uint8Array): Decoded<SampleBatch> {
  let body: unknown;
  try {
    body = decodeMsgpack(bytes);
  } catch (cause) {
    return refused("MAPEK_MESSAGE_MALFORMED", "stored batch is not MessagePack", cause);
  }
  if (!Array.isArray(body)) return refused("MAPEK_MESSAGE_INVALID", "stored batch is not an array");
  const [version, history, series, index, times, values] = body as unknown[];
  if (version !== STORED_VERSION)
    return refused("MAPEK_MESSAGE_UNKNOWN_VERSION", `stored batch has version ${String(version)}`);
  if (!Array.isArray(series) || !series.every((key) => typeof key === "string"))
    return refused("MAPEK_MESSAGE_INVALID", "stored batch has no dictionary of series keys");
  const columns = readColumns(series as string[], index, times, values);
  return columns.ok ? accepted({ ...columns.value, history: history === true }) : columns;
}

function readColumns<Series>(
  series: Series[],
  index: unknown,
  times: unknown,
  values: unknown,
): Decoded<SampleColumns<Series>> {
  if (!(index instanceof Uint8Array && times instanceof Uint8Array && values instanceof Uint8Array))
    return refused("MAPEK_MESSAGE_INVALID", "columns: expected binary");
  const count = index.length / 2;
  if (!Number.isInteger(count) || times.length !== count * 8 || values.length !== count * 8)
    return refused("MAPEK_MESSAGE_INVALID", "columns: expected n × 2, n × 8 and n × 8 bytes");
  if (count > MAX_BATCH_SAMPLES)
    return refused("MAPEK_MESSAGE_TOO_LARGE", `${count} samples, at most ${MAX_BATCH_SAMPLES}`);
  const columns = { series, ...ownColumns(count, index, times, values) };
  if (!isWithin(columns.index, series.length))
    return refused("MAPEK_MESSAGE_INVALID", "index: names a series beyond the dictionary");
  return accepted(columns);
}

/** Copies the columns into one aligned buffer, since binary inside a message may start at any offset. */
function ownColumns(count: number, index: Uint8Array, times: Uint8Array, values: Uint8Array) {
  const memory = new ArrayBuffer(count * (8 + 8 + 2));
  const bytes = new Uint8Array(memory);
  bytes.set(times);
  bytes.set(values, count * 8);
  bytes.set(index, count * 16);
  return {
    index: new Uint16Array(memory, count * 16, count),
    times: new Float64Array(memory, 0, count),
    values: new Float64Array(memory, count * 8, count),
  };
}

function isWithin(index: Uint16Array, entries: number): boolean {
  for (let i = 0; i < index.length; i++) if ((index[i] as number) >= entries) return false;
  return true;
}

const bytesOf = (column: Uint16Array | Float64Array): Buffer =>
  Buffer.from(column.buffer, column.byteOffset, column.byteLength);
