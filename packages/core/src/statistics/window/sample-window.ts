import { requireCount, requireFinite, requireRange, StatsError } from "../errors.ts";
import { SampleRing } from "./sample-ring.ts";
import { quantiseTime } from "./time-column.ts";
import { decodeWindow, encodeWindow } from "./window-snapshot.ts";

/** Fields of the window and its column of times, and the headers of their lists. */
const FIXED_BYTES = 350;

export interface SampleWindowOptions {
  /** Most samples kept, whole number from 1. @default 10_000 */
  capacity?: number;
  /** Longest time between the newest sample and the oldest kept, milliseconds, > 0, may be Infinity. @default 86_400_000 */
  spanMs?: number;
  /** So many of the newest samples are kept however old they are, whole number. @default 0 */
  keep?: number;
}

/** What became of an offered sample. */
export type AddOutcome = "appended" | "inserted" | "duplicate" | "outside";

/**
 * A `SampleWindow` holds the newest samples of one series, sorted by time: at most `capacity` of them, none but the newest
 * `keep` older than `spanMs` before the newest, no two at the same microsecond. The window holds nothing derived from samples,
 * so a dropped sample leaves no trace.
 *
 * Memory: as `SampleRing`.
 */
export class SampleWindow extends SampleRing {
  #spanMs: number;
  #keep: number;
  #newest = Number.NEGATIVE_INFINITY;

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor({ capacity = 10_000, spanMs = 86_400_000, keep = 0 }: SampleWindowOptions = {}) {
    requireCount(capacity, 1, "capacity");
    requireRange(spanMs, Number.MIN_VALUE, Number.POSITIVE_INFINITY, "spanMs");
    requireCount(keep, 0, "keep");
    super(capacity);
    this.#keep = keep;
    this.#spanMs = spanMs;
  }

  /** Samples held. */
  get length(): number {
    return this.count;
  }

  get capacity(): number {
    return this.most;
  }

  get spanMs(): number {
    return this.#spanMs;
  }

  /** Milliseconds, undefined while empty. */
  get oldestTime(): number | undefined {
    return this.count === 0 ? undefined : this.times.get(this.head);
  }

  /** Milliseconds, undefined while empty. */
  get newestTime(): number | undefined {
    return this.count === 0 ? undefined : this.#newest;
  }

  /** Bytes that this window occupies, all in. */
  get byteLength(): number {
    return (
      this.values.length * Float64Array.BYTES_PER_ELEMENT + this.times.byteLength + FIXED_BYTES
    );
  }

  /**
   * Offers a sample.
   *
   * @param timeMs Milliseconds since 1970, fractions allowed, rounded to a microsecond.
   * @param value Any finite number.
   * @returns "appended" when newest; "inserted" when late but within the window; "duplicate" (dropped) when its time
   * is taken; "outside" (dropped) when older than the span, or than every sample of a full window.
   * @throws {StatsError} MAPEK_STATS_NOT_FINITE
   * Cost: O(1) appended, amortised; O(n) inserted.
   */
  add(timeMs: number, value: number): AddOutcome {
    if (!(Number.isFinite(value) && Number.isFinite(timeMs))) {
      requireFinite(value, "value");
      requireFinite(timeMs, "time");
    }
    const time = Math.floor(timeMs) === timeMs ? timeMs : quantiseTime(timeMs);
    if (time <= this.#newest) return this.#insert(time, value);
    if (this.count > 0 && time - this.times.get(this.head) > this.#spanMs) this.#evict(time, 1);
    this.append(time, value);
    this.#newest = time;
    return "appended";
  }

  /** Value of the sample at `index`, 0 = oldest. @throws {StatsError} MAPEK_STATS_BAD_SETTING outside 0 … length − 1 */
  valueAt(index: number): number {
    return this.values[this.#checkedSlot(index)]!;
  }

  /** Time of the sample at `index`, milliseconds, 0 = oldest. @throws {StatsError} MAPEK_STATS_BAD_SETTING outside 0 … length − 1 */
  timeAt(index: number): number {
    return this.times.get(this.#checkedSlot(index));
  }

  /**
   * Values, oldest first.
   *
   * @param target Where to put them, at least `length` long; a new array if left out.
   * @returns Exactly `length` long: `target`, or a view of its beginning.
   * @throws {StatsError} MAPEK_STATS_LENGTH_MISMATCH when `target` is too short.
   * Cost: O(n), a memory copy.
   */
  copyValues(target?: Float64Array): Float64Array {
    const out = this.#target(target);
    this.unrollValues(out);
    return out;
  }

  /** Times in milliseconds, oldest first; otherwise as `copyValues`. */
  copyTimes(target?: Float64Array): Float64Array {
    return this.unrollTimes(this.#target(target));
  }

  /** Forgets all samples and gives their memory back. */
  clear(): void {
    this.empty();
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  /**
   * Changes the bounds; the oldest samples go if need be.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SETTING
   * Cost: O(n).
   */
  resize({
    capacity = this.most,
    spanMs = this.#spanMs,
    keep = this.#keep,
  }: SampleWindowOptions): void {
    requireCount(capacity, 1, "capacity");
    requireRange(spanMs, Number.MIN_VALUE, Number.POSITIVE_INFINITY, "spanMs");
    requireCount(keep, 0, "keep");
    this.#keep = keep;
    this.most = capacity;
    this.#spanMs = spanMs;
    if (this.count === 0) {
      this.clear();
      return;
    }
    this.#evict(this.#newest, 0);
    while (this.count > capacity) this.dropOldest();
    this.fit(this.#newest);
  }

  /** Canonical bytes: equal content and bounds give equal bytes. See `encodeWindow`. Cost: O(n). */
  snapshot(): Uint8Array {
    return encodeWindow({
      capacity: this.most,
      spanMs: this.#spanMs,
      times: this.copyTimes(),
      values: this.copyValues(),
    });
  }

  /**
   * The window that `snapshot` wrote. @param keep See `SampleWindowOptions`: a snapshot does not hold this bound.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SNAPSHOT. Cost: O(n).
   */
  static restore(bytes: Uint8Array, keep = 0): SampleWindow {
    const { capacity, spanMs, times, values } = decodeWindow(bytes);
    const window = new SampleWindow({ capacity, spanMs, keep });
    for (let i = 0; i < times.length; i++) window.add(times[i]!, values[i]!);
    return window;
  }

  #insert(time: number, value: number): AddOutcome {
    if (this.#newest - time > this.#spanMs && this.count >= this.#keep) return "outside";
    let index = this.firstNotBefore(time);
    if (this.times.get(this.slot(index)) === time) return "duplicate";
    if (this.count === this.most) {
      if (index === 0) return "outside";
      this.dropOldest();
      index--;
    }
    this.insertAt(index, time, value);
    return "inserted";
  }

  #checkedSlot(index: number): number {
    requireCount(index, 0, "index");
    requireRange(index, 0, this.count - 1, "index");
    return this.slot(index);
  }

  #target(target: Float64Array | undefined): Float64Array {
    if (target === undefined) return new Float64Array(this.count);
    if (target.length < this.count) {
      throw new StatsError(
        "MAPEK_STATS_LENGTH_MISMATCH",
        `${target.length} places for ${this.count} samples`,
      );
    }
    return target.length === this.count ? target : target.subarray(0, this.count);
  }

  /** Drops what is older than the span. @param coming Samples that are about to be added: they count among the `keep` newest. */
  #evict(newest: number, coming: number): void {
    while (
      this.count > 0 &&
      this.count + coming > this.#keep &&
      newest - this.times.get(this.head) > this.#spanMs
    )
      this.dropOldest();
  }
}
