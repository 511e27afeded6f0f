import { type Column, columnOf, copyColumn, Scratch, SHORT_COLUMN } from "../memory/doubles.ts";
import { TimeColumn } from "./time-column.ts";

const FIRST_SLOTS = 4;

const movedTimes = new Scratch();

/**
 * Samples in order of time, in a ring of slots: the newest may take the slot of the oldest, so that a full ring moves on without
 * a copy. `SampleWindow` adds the bounds. `SampleWindow` extends the ring instead of having one: an object between the window
 * and the slots made adding a sample 20 % slower.
 *
 * Memory: grown on demand; 16 bytes a slot up to 256 slots, then 12 while times pack into 32 bits.
 */
export abstract class SampleRing {
  /** Slots that there may be. */
  protected most: number;
  protected values: Column;
  protected times: TimeColumn;
  /** Slot of the oldest sample. */
  protected head = 0;
  protected count = 0;

  constructor(most: number) {
    this.most = most;
    const slots = Math.min(most, FIRST_SLOTS);
    this.values = columnOf(slots);
    this.times = new TimeColumn(slots);
  }

  /** Forgets all samples and gives their memory back. */
  protected empty(): void {
    const slots = Math.min(this.most, FIRST_SLOTS);
    this.values = columnOf(slots);
    this.times = new TimeColumn(slots);
    this.head = 0;
    this.count = 0;
  }

  /** Slot of the sample at an index, 0 = oldest. */
  protected slot(index: number): number {
    const slot = this.head + index;
    return slot >= this.values.length ? slot - this.values.length : slot;
  }

  /** Adds the newest sample; where all slots are taken that there may be, in the place of the oldest. Cost: O(1), amortised. */
  protected append(timeMs: number, value: number): void {
    const times = this.times;
    let slot: number;
    if (this.count < this.values.length) {
      slot = this.slot(this.count);
    } else if (this.count < this.most) {
      this.#grow(timeMs);
      slot = this.count;
    } else {
      slot = this.head;
      this.head = slot + 1 === this.most ? 0 : slot + 1;
      this.count--;
    }
    if (!times.set(slot, timeMs)) {
      this.#rebuild(this.values.length, timeMs);
      slot = this.count;
      times.set(slot, timeMs);
    }
    this.values[slot] = value;
    this.count++;
  }

  /** Adds a sample before the one at an index; a slot must be free, or may come. Cost: O(n). */
  protected insertAt(index: number, timeMs: number, value: number): void {
    if (this.count === this.values.length) this.#grow(timeMs);
    // The slot after the newest is free: whether the packing holds the time can be tried there.
    if (!this.times.set(this.slot(this.count), timeMs)) {
      this.#rebuild(this.values.length, timeMs);
    }
    if (index < this.count / 2) {
      this.head = this.head === 0 ? this.values.length - 1 : this.head - 1;
      for (let i = 0; i < index; i++) this.#move(i + 1, i);
    } else {
      for (let i = this.count; i > index; i--) this.#move(i - 1, i);
    }
    this.count++;
    const slot = this.slot(index);
    this.times.set(slot, timeMs);
    this.values[slot] = value;
  }

  /** Index of the first sample at or after a time; there is one. Cost: O(log n). */
  protected firstNotBefore(timeMs: number): number {
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times.get(this.slot(middle)) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected dropOldest(): void {
    this.head = this.head + 1 === this.values.length ? 0 : this.head + 1;
    this.count--;
  }

  /** Gives back the slots that are not needed; there may be no more samples than slots. Cost: O(n). */
  protected fit(newestMs: number): void {
    this.#rebuild(Math.min(this.most, Math.max(FIRST_SLOTS, this.count)), newestMs);
  }

  /** Values, oldest first, to the beginning of a column. Cost: O(n), a memory copy. */
  protected unrollValues(out: Column): void {
    const untilEnd = Math.min(this.count, this.values.length - this.head);
    copyColumn(this.values, this.head, untilEnd, out, 0);
    copyColumn(this.values, 0, this.count - untilEnd, out, untilEnd);
  }

  /** Times in milliseconds; otherwise as `unrollValues`. */
  protected unrollTimes(out: Float64Array): Float64Array {
    const untilEnd = Math.min(this.count, this.values.length - this.head);
    this.times.copy(this.head, untilEnd, out, 0);
    this.times.copy(0, this.count - untilEnd, out, untilEnd);
    return out;
  }

  #move(from: number, to: number): void {
    const fromSlot = this.slot(from);
    const toSlot = this.slot(to);
    this.values[toSlot] = this.values[fromSlot]!;
    this.times.move(fromSlot, toSlot);
  }

  /** A short ring grows by few slots: the series is idle, or the ring is long soon. */
  #grownSlots(): number {
    const count = this.count;
    const more = count < SHORT_COLUMN ? Math.max(FIRST_SLOTS, count >>> 2) : count >>> 1;
    return Math.min(this.most, count + more);
  }

  /** Makes room for a time; the packing of times is chosen anew only where it must. */
  #grow(next: number): void {
    const slots = this.#grownSlots();
    if (this.times.grow(this.head, this.count, slots)) this.#moveValues(slots);
    else this.#rebuild(slots, next);
  }

  /** Moves everything to the beginning of `slots` slots, with a packing that holds the time `next` too. */
  #rebuild(slots: number, next: number): void {
    this.times.rebuild(this.unrollTimes(movedTimes.take(this.count)), slots, next);
    this.#moveValues(slots);
  }

  #moveValues(slots: number): void {
    const values = columnOf(slots);
    this.unrollValues(values);
    this.values = values;
    this.head = 0;
  }
}
