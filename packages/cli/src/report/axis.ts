import { figure } from "@mapek/core/statistics";

/** A place on an axis and what is written there. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Between two and six round numbers within a range. */
export function numberTicks(low: number, high: number): Tick[] {
  const raw = (high - low) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(raw));
  const step = magnitude * ([1, 2, 5, 10].find((factor) => factor * magnitude >= raw) as number);
  const ticks: Tick[] = [];
  // Multiples of the step, because a sum of steps drifts. The 1e-9 keeps a tick at the end despite rounding.
  for (let n = Math.ceil(low / step); n * step <= high + step * 1e-9; n++) {
    const value = n * step;
    ticks.push({ value, label: figure(value, 10) });
  }
  return ticks;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 7, 14, 28, 91, 182, 365, 1_826, 3_652, 36_525].map((n) => n * DAY),
];
const MOST_TICKS = 8;

/** At most nine round times (UTC) within a range of milliseconds. */
export function timeTicks(low: number, high: number): Tick[] {
  const step = STEPS.find((one) => (high - low) / one <= MOST_TICKS) ?? high - low;
  const ticks: Tick[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step)
    ticks.push({ value, label: timeLabel(value, step) });
  return ticks;
}

/** Label of a time: the date for steps of days or at midnight, else the time of day as fine as the step needs. */
function timeLabel(value: number, step: number): string {
  const iso = new Date(value).toISOString();
  if (step >= DAY) return iso.slice(0, 10);
  if (value % DAY === 0) return iso.slice(5, 10);
  if (step >= MINUTE) return iso.slice(11, 16);
  return step >= SECOND ? iso.slice(11, 19) : iso.slice(14, 23);
}
