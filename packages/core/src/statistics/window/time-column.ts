import { type Column, columnOf, copyColumn, SHORT_COLUMN } from "../memory/doubles.ts";

/** Largest span, in units, that is packed: below 2^32, so that a full ring can move on before it is packed anew. */
const PACKED_SPAN = 2 ** 32 * (7 / 8);
/** Beyond this many milliseconds a float64 no longer tells microseconds apart. */
const PACKED_TIME_LIMIT = 2 ** 42;

/**
 * Rounds a time to the window's resolution, one microsecond.
 *
 * @param timeMs Milliseconds, fractions allowed, any finite number.
 * @returns The same, rounded; whole milliseconds are returned unchanged.
 */
export function quantiseTime(timeMs: number): number {
  return Math.floor(timeMs) === timeMs ? timeMs + 0 : Math.round(timeMs * 1000) / 1000;
}

/** Units a millisecond in which times are packed: 1, 1000, or 0 for "not packed, plain float64". */
export type TimeUnits = 0 | 1 | 1000;

/**
 * The narrowest unit that holds all these times exactly in 32 bits from a common base.
 *
 * @param times Quantised milliseconds, ascending, any length.
 * @param next One more quantised time, anywhere.
 * Cost: O(n).
 */
export function chooseTimeUnits(times: Float64Array, next: number): TimeUnits {
  const first = times.length === 0 ? next : Math.min(times[0]!, next);
  const last = times.length === 0 ? next : Math.max(times[times.length - 1]!, next);
  if (!(Math.abs(first) < PACKED_TIME_LIMIT && Math.abs(last) < PACKED_TIME_LIMIT)) return 0;
  let whole = Math.floor(next) === next && last - first <= PACKED_SPAN;
  for (let i = 0; whole && i < times.length; i++) whole = Math.floor(times[i]!) === times[i]!;
  if (whole) return 1;
  return (last - first) * 1000 <= PACKED_SPAN ? 1000 : 0;
}

/**
 * A column of times by slot: 8 bytes a time while there are few slots; then 4 bytes while all are whole milliseconds
 * within 43 days, or any microseconds within 62 minutes, otherwise 8.
 */
export class TimeColumn {
  #units: TimeUnits = 0;
  #base = 0;
  #offsets = NO_OFFSETS;
  #plain: Column;
  /** Writes until a narrower packing is worth a try; a short column, which is never packed, begins below 0. */
  #writesLeft = -1;

  constructor(slots: number) {
    this.#plain = NO_TIMES;
    this.rebuild(NO_TIMES, slots, 0);
  }

  get byteLength(): number {
    return this.#offsets.byteLength + this.#plain.length * Float64Array.BYTES_PER_ELEMENT;
  }

  /** Milliseconds at a slot that was written before. */
  get(slot: number): number {
    if (this.#units === 1) return this.#base + this.#offsets[slot]!;
    if (this.#units === 1000) return (this.#base + this.#offsets[slot]!) / 1000;
    return this.#plain[slot]!;
  }

  /** Copies `count` times from slot `from` on to `target`, from index `at` on. */
  copy(from: number, count: number, target: Float64Array, at: number): void {
    if (this.#units === 0) {
      copyColumn(this.#plain, from, count, target, at);
      return;
    }
    const offsets = this.#offsets;
    const base = this.#base;
    if (this.#units === 1)
      for (let i = 0; i < count; i++) target[at + i] = base + offsets[from + i]!;
    else for (let i = 0; i < count; i++) target[at + i] = (base + offsets[from + i]!) / 1000;
  }

  /**
   * Writes a quantised time.
   *
   * @returns False when the present packing does not hold it, or a narrower one is worth a try: `rebuild`, then again.
   * Cost: O(1).
   */
  set(slot: number, timeMs: number): boolean {
    if (this.#units === 0) {
      if (this.#writesLeft === 0) return false;
      this.#writesLeft--;
      this.#plain[slot] = timeMs;
      return true;
    }
    const offset = (this.#units === 1 ? timeMs : Math.round(timeMs * 1000)) - this.#base;
    if (offset >>> 0 !== offset) return false;
    this.#offsets[slot] = offset;
    return true;
  }

  /** Copies the time of one slot to another. */
  move(from: number, to: number): void {
    if (this.#units === 0) this.#plain[to] = this.#plain[from]!;
    else this.#offsets[to] = this.#offsets[from]!;
  }

  /**
   * Moves the times of `count` slots from `head` on, around the end, to the beginning of `slots` slots, packed as they are.
   *
   * @returns False, with nothing done, where the packing should be chosen anew: `rebuild`.
   * Cost: a memory copy.
   */
  grow(head: number, count: number, slots: number): boolean {
    const before = this.#units === 0 ? this.#plain.length : this.#offsets.length;
    const untilEnd = Math.min(count, before - head);
    if (this.#units === 0) {
      if (this.#plain instanceof Float64Array || slots > SHORT_COLUMN) return false;
      const plain = columnOf(slots);
      copyColumn(this.#plain, head, untilEnd, plain, 0);
      copyColumn(this.#plain, 0, count - untilEnd, plain, untilEnd);
      this.#plain = plain;
      return true;
    }
    const offsets = new Uint32Array(slots);
    offsets.set(this.#offsets.subarray(head, head + untilEnd));
    offsets.set(this.#offsets.subarray(0, count - untilEnd), untilEnd);
    this.#offsets = offsets;
    return true;
  }

  /**
   * Chooses the packing anew and writes `times` to the slots from 0 on.
   *
   * @param times Quantised milliseconds, ascending, at most `slots` of them.
   * @param next A time that must be writable afterwards.
   * Cost: O(slots). Leaves room on both sides, so that it is needed at most once every slots / 16 appends.
   */
  rebuild(times: Float64Array, slots: number, next: number): void {
    const plain = columnOf(slots);
    const units = plain instanceof Float64Array ? chooseTimeUnits(times, next) : 0;
    this.#units = units;
    if (units === 0) {
      this.#offsets = NO_OFFSETS;
      this.#plain = plain;
      this.#writesLeft = plain instanceof Float64Array ? slots : -1;
      for (let i = 0; i < times.length; i++) plain[i] = times[i]!;
      return;
    }
    const first = times.length === 0 ? next : Math.min(times[0]!, next);
    const last = times.length === 0 ? next : Math.max(times[times.length - 1]!, next);
    const firstUnit = Math.round(first * units);
    const span = Math.round(last * units) - firstUnit;
    this.#base = firstUnit - Math.floor((2 ** 32 - 1 - span) / 4);
    this.#plain = NO_TIMES;
    if (this.#offsets.length !== slots) this.#offsets = new Uint32Array(slots);
    for (let i = 0; i < times.length; i++)
      this.#offsets[i] = Math.round(times[i]! * units) - this.#base;
  }
}

const NO_TIMES = new Float64Array(0);
const NO_OFFSETS = new Uint32Array(0);
