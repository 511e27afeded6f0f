import { type Column, columnOf, copyColumn, Scratch, SHORT_COLUMN } from "./doubles.ts";
import { requireCount, requireFinite, requireRange, StatsError } from "./errors.ts";
import { quantiseTime, TimeColumn } from "./time-column.ts";
import { decodeWindow, encodeWindow } from "./window-snapshot.ts";

const FIRST_SLOTS = 4;
/** Fields of the window and its column, and the headers of their lists. */
const FIXED_BYTES = 350;

export interface SampleWindowOptions {
  /** Most samples kept, whole number from 1. @default 10_000 */
  capacity?: number;
  /** Longest time between the newest sample and the oldest kept, milliseconds, > 0, may be Infinity. @default 86_400_000 */
  spanMs?: number;
  /** So many of the newest samples are kept however old they are, whole number. @default 0 */
  keep?: number;
}

const movedTimes = new Scratch();

/** What became of an offered sample. */
export type AddOutcome = "appended" | "inserted" | "duplicate" | "outside";

/**
 * The newest samples of one series, sorted by time: at most `capacity` of them, none but the newest `keep` older than
 * `spanMs` before the newest, no two at the same microsecond. Holds samples and nothing derived from them, so what has left leaves
 * no trace.
 *
 * Memory: grown on demand; 16 bytes a slot up to 256 slots, then 12 while times pack into 32 bits.
 */
export class SampleWindow {
  #capacity: number;
  #spanMs: number;
  #keep: number;
  #values: Column;
  #times: TimeColumn;
  #head = 0;
  #count = 0;
  #newest = Number.NEGATIVE_INFINITY;

  /** @throws {StatsError} MAPEK_STATS_BAD_SETTING */
  constructor({ capacity = 10_000, spanMs = 86_400_000, keep = 0 }: SampleWindowOptions = {}) {
    requireCount(capacity, 1, "capacity");
    requireRange(spanMs, Number.MIN_VALUE, Number.POSITIVE_INFINITY, "spanMs");
    requireCount(keep, 0, "keep");
    this.#keep = keep;
    this.#capacity = capacity;
    this.#spanMs = spanMs;
    const slots = Math.min(capacity, FIRST_SLOTS);
    this.#values = columnOf(slots);
    this.#times = new TimeColumn(slots);
  }

  /** Samples held. */
  get length(): number {
    return this.#count;
  }

  get capacity(): number {
    return this.#capacity;
  }

  get spanMs(): number {
    return this.#spanMs;
  }

  /** Milliseconds, undefined while empty. */
  get oldestTime(): number | undefined {
    return this.#count === 0 ? undefined : this.#times.get(this.#head);
  }

  /** Milliseconds, undefined while empty. */
  get newestTime(): number | undefined {
    return this.#count === 0 ? undefined : this.#newest;
  }

  /** Bytes that this window occupies, all in. */
  get byteLength(): number {
    return (
      this.#values.length * Float64Array.BYTES_PER_ELEMENT + this.#times.byteLength + FIXED_BYTES
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
    const times = this.#times;
    if (this.#count > 0 && time - times.get(this.#head) > this.#spanMs) this.#evict(time, 1);
    let slot: number;
    if (this.#count < this.#values.length) {
      slot = this.#slot(this.#count);
    } else if (this.#count < this.#capacity) {
      this.#grow(time);
      slot = this.#count;
    } else {
      // The newest takes the place of the oldest.
      slot = this.#head;
      this.#head = slot + 1 === this.#capacity ? 0 : slot + 1;
      this.#count--;
    }
    if (!times.set(slot, time)) {
      this.#rebuild(this.#values.length, time);
      slot = this.#count;
      times.set(slot, time);
    }
    this.#values[slot] = value;
    this.#count++;
    this.#newest = time;
    return "appended";
  }

  /** Value of the sample at `index`, 0 = oldest. @throws {StatsError} MAPEK_STATS_BAD_SETTING outside 0 … length − 1 */
  valueAt(index: number): number {
    return this.#values[this.#checkedSlot(index)]!;
  }

  /** Time of the sample at `index`, milliseconds, 0 = oldest. @throws {StatsError} MAPEK_STATS_BAD_SETTING outside 0 … length − 1 */
  timeAt(index: number): number {
    return this.#times.get(this.#checkedSlot(index));
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
    const untilEnd = Math.min(this.#count, this.#values.length - this.#head);
    copyColumn(this.#values, this.#head, untilEnd, out, 0);
    copyColumn(this.#values, 0, this.#count - untilEnd, out, untilEnd);
    return out;
  }

  /** Times in milliseconds, oldest first; otherwise as `copyValues`. */
  copyTimes(target?: Float64Array): Float64Array {
    const out = this.#target(target);
    const untilEnd = Math.min(this.#count, this.#values.length - this.#head);
    this.#times.copy(this.#head, untilEnd, out, 0);
    this.#times.copy(0, this.#count - untilEnd, out, untilEnd);
    return out;
  }

  /** Forgets all samples and gives their memory back. */
  clear(): void {
    const slots = Math.min(this.#capacity, FIRST_SLOTS);
    this.#values = columnOf(slots);
    this.#times = new TimeColumn(slots);
    this.#head = 0;
    this.#count = 0;
    this.#newest = Number.NEGATIVE_INFINITY;
  }

  /**
   * Changes the bounds; the oldest samples go if need be.
   *
   * @throws {StatsError} MAPEK_STATS_BAD_SETTING
   * Cost: O(n).
   */
  resize({
    capacity = this.#capacity,
    spanMs = this.#spanMs,
    keep = this.#keep,
  }: SampleWindowOptions): void {
    requireCount(capacity, 1, "capacity");
    requireRange(spanMs, Number.MIN_VALUE, Number.POSITIVE_INFINITY, "spanMs");
    requireCount(keep, 0, "keep");
    this.#keep = keep;
    this.#capacity = capacity;
    this.#spanMs = spanMs;
    if (this.#count === 0) {
      this.clear();
      return;
    }
    this.#evict(this.#newest, 0);
    while (this.#count > capacity) this.#dropOldest();
    this.#rebuild(Math.min(capacity, Math.max(FIRST_SLOTS, this.#count)), this.#newest);
  }

  /** Canonical bytes: equal content and bounds give equal bytes. See `encodeWindow`. Cost: O(n). */
  snapshot(): Uint8Array {
    return encodeWindow({
      capacity: this.#capacity,
      spanMs: this.#spanMs,
      times: this.copyTimes(),
      values: this.copyValues(),
    });
  }

  /**
   * The window that `snapshot` wrote, which keeps so many samples however old they are.
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
    if (this.#newest - time > this.#spanMs && this.#count >= this.#keep) return "outside";
    let index = this.#firstNotBefore(time);
    if (this.#times.get(this.#slot(index)) === time) return "duplicate";
    if (this.#count === this.#capacity) {
      if (index === 0) return "outside";
      this.#dropOldest();
      index--;
    } else if (this.#count === this.#values.length) {
      this.#grow(time);
    }
    // The slot after the newest is free: try the packing there.
    if (!this.#times.set(this.#slot(this.#count), time)) {
      this.#rebuild(this.#values.length, time);
    }
    if (index < this.#count / 2) {
      this.#head = this.#head === 0 ? this.#values.length - 1 : this.#head - 1;
      for (let i = 0; i < index; i++) this.#move(i + 1, i);
    } else {
      for (let i = this.#count; i > index; i--) this.#move(i - 1, i);
    }
    this.#count++;
    const slot = this.#slot(index);
    this.#times.set(slot, time);
    this.#values[slot] = value;
    return "inserted";
  }

  /** Index of the first sample at or after `time`; there is one. */
  #firstNotBefore(time: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#times.get(this.#slot(middle)) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #move(from: number, to: number): void {
    const fromSlot = this.#slot(from);
    const toSlot = this.#slot(to);
    this.#values[toSlot] = this.#values[fromSlot]!;
    this.#times.move(fromSlot, toSlot);
  }

  #slot(index: number): number {
    const slot = this.#head + index;
    return slot >= this.#values.length ? slot - this.#values.length : slot;
  }

  #checkedSlot(index: number): number {
    requireCount(index, 0, "index");
    requireRange(index, 0, this.#count - 1, "index");
    return this.#slot(index);
  }

  #target(target: Float64Array | undefined): Float64Array {
    if (target === undefined) return new Float64Array(this.#count);
    if (target.length < this.#count) {
      throw new StatsError(
        "MAPEK_STATS_LENGTH_MISMATCH",
        `${target.length} places for ${this.#count} samples`,
      );
    }
    return target.length === this.#count ? target : target.subarray(0, this.#count);
  }

  #dropOldest(): void {
    this.#head = this.#head + 1 === this.#values.length ? 0 : this.#head + 1;
    this.#count--;
  }

  /** @param coming Samples that are about to be added, which count among those that are kept. */
  #evict(newest: number, coming: number): void {
    while (
      this.#count > 0 &&
      this.#count + coming > this.#keep &&
      newest - this.#times.get(this.#head) > this.#spanMs
    )
      this.#dropOldest();
  }

  /** A short window belongs to an idle series, or soon is a long one: it grows by little. */
  #grownSlots(): number {
    const count = this.#count;
    const more = count < SHORT_COLUMN ? Math.max(FIRST_SLOTS, count >>> 2) : count >>> 1;
    return Math.min(this.#capacity, count + more);
  }

  /** Makes room for `next`; the packing of times is chosen anew only where it must. */
  #grow(next: number): void {
    const slots = this.#grownSlots();
    if (this.#times.grow(this.#head, this.#count, slots)) this.#moveValues(slots);
    else this.#rebuild(slots, next);
  }

  /** Moves everything to the beginning of `slots` slots, with a packing that holds `next` too. */
  #rebuild(slots: number, next: number): void {
    this.#times.rebuild(this.copyTimes(movedTimes.take(this.#count)), slots, next);
    this.#moveValues(slots);
  }

  #moveValues(slots: number): void {
    const values = columnOf(slots);
    const untilEnd = Math.min(this.#count, this.#values.length - this.#head);
    copyColumn(this.#values, this.#head, untilEnd, values, 0);
    copyColumn(this.#values, 0, this.#count - untilEnd, values, untilEnd);
    this.#values = values;
    this.#head = 0;
  }
}
