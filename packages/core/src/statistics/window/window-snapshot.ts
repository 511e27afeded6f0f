import { requireSnapshot } from "../errors.ts";
import { chooseTimeUnits, quantiseTime } from "./time-column.ts";

/** "MKW" and the version of the layout. */
const MAGIC = 0x4d_4b_57_01;
const HEADER_BYTES = 40;

/** What a window holds, oldest sample first. */
export interface WindowContent {
  /** Most samples kept. */
  capacity: number;
  /** Longest time kept, milliseconds, may be Infinity. */
  spanMs: number;
  /** Quantised milliseconds, strictly ascending. */
  times: Float64Array;
  /** Same length as `times`. */
  values: Float64Array;
}

/** Rotating exclusive-or and multiplication over 32-bit words: finds damage, not malice. */
function checksum(view: DataView, from: number): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < view.byteLength; at += 4) {
    hash = Math.imul(hash ^ view.getUint32(at, true), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/**
 * Canonical bytes of a window: equal content gives equal bytes, whatever the history.
 *
 * Layout, little endian: u32 magic, u32 checksum of the rest, u32 count, u32 units (0, 1, 1000), f64 capacity,
 * f64 span, f64 time of the oldest; then count times (u32 units after the oldest, or f64), then count f64 values.
 * Cost: O(n), 12 or 16 bytes a sample and 40.
 */
export function encodeWindow({ capacity, spanMs, times, values }: WindowContent): Uint8Array {
  const count = times.length;
  const first = count === 0 ? 0 : times[0]!;
  const units = chooseTimeUnits(times, first);
  const timeBytes = units === 0 ? 8 : 4;
  const bytes = new Uint8Array(HEADER_BYTES + count * (timeBytes + 8));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(8, count, true);
  view.setUint32(12, units, true);
  view.setFloat64(16, capacity, true);
  view.setFloat64(24, spanMs, true);
  view.setFloat64(32, first, true);
  const base = Math.round(first * units);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * timeBytes;
    if (units === 0) view.setFloat64(at, times[i]!, true);
    else view.setUint32(at, Math.round(times[i]! * units) - base, true);
  }
  const valuesAt = HEADER_BYTES + count * timeBytes;
  for (let i = 0; i < count; i++) view.setFloat64(valuesAt + i * 8, values[i]!, true);
  view.setUint32(4, checksum(view, 8), true);
  return bytes;
}

/**
 * Reads what `encodeWindow` wrote.
 *
 * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT for anything else: wrong length, checksum, order, or range.
 * Cost: O(n).
 */
export function decodeWindow(bytes: Uint8Array): WindowContent {
  requireSnapshot(bytes.byteLength >= HEADER_BYTES, "a window needs at least 40 bytes");
  requireSnapshot(bytes.byteLength % 4 === 0, "length is not a multiple of 4");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  requireSnapshot(view.getUint32(0, true) === MAGIC, "not a window of this version");
  requireSnapshot(view.getUint32(4, true) === checksum(view, 8), "checksum differs");
  const count = view.getUint32(8, true);
  const units = view.getUint32(12, true);
  requireSnapshot(units === 0 || units === 1 || units === 1000, "unknown unit of time");
  const timeBytes = units === 0 ? 8 : 4;
  requireSnapshot(
    bytes.byteLength === HEADER_BYTES + count * (timeBytes + 8),
    "length does not fit the count",
  );
  const capacity = view.getFloat64(16, true);
  const spanMs = view.getFloat64(24, true);
  requireSnapshot(
    Number.isSafeInteger(capacity) && capacity >= 1 && count <= capacity,
    "capacity out of range",
  );
  requireSnapshot(spanMs > 0, "span is not positive");
  const first = view.getFloat64(32, true);
  const base = Math.round(first * units);
  const times = new Float64Array(count);
  const values = new Float64Array(count);
  const valuesAt = HEADER_BYTES + count * timeBytes;
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * timeBytes;
    const time =
      units === 0 ? view.getFloat64(at, true) : (base + view.getUint32(at, true)) / units;
    const value = view.getFloat64(valuesAt + i * 8, true);
    requireSnapshot(
      Number.isFinite(time) && Number.isFinite(value),
      "a time or value is not finite",
    );
    requireSnapshot(
      quantiseTime(time) === time && (i === 0 ? time === first : time > times[i - 1]!),
      "times in disorder",
    );
    times[i] = time;
    values[i] = value;
  }
  return { capacity, spanMs, times, values };
}
