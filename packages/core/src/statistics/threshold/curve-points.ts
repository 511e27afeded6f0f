import { DrawnCurve } from "./drawn-curve.ts";
import { isSlow, type Moment } from "./threshold-moment.ts";

const HALF_HOUR_MS = 1_800_000;
const HOUR_MS = 3_600_000;
/** Steps that a curve reaches ahead: a day of hours, or 24 samples of a series that is slower than one sample an hour. */
const STEPS_AHEAD = 24;
/** A new curve is drawn when fewer steps of the curve in force are left. */
const LEAST_STEPS_AHEAD = 6;

/**
 * A curve's points lie where the season is known: in the middle of local hours, or at the expected samples of a slow series.
 * Points elsewhere would mix the seasons of two hours.
 *
 * @param isFlat Whether the threshold is the same at all times. @param valueAt The threshold computed for a time, ms.
 * @returns The curve of the next day or of the next 24 samples; a constant where all values are equal.
 */
export function drawCurve(
  moment: Moment,
  isFlat: boolean,
  valueAt: (timeMs: number) => number,
): DrawnCurve {
  const { timeMs, offsetMs, intervalMs } = moment;
  const stepMs = Math.max(HOUR_MS, intervalMs);
  const startMs = isSlow(moment)
    ? timeMs
    : Math.floor((timeMs + offsetMs - HALF_HOUR_MS) / HOUR_MS) * HOUR_MS + HALF_HOUR_MS - offsetMs;
  const values = new Float64Array(isFlat ? 1 : STEPS_AHEAD + 2);
  let isConstant = true;
  for (let i = 0; i < values.length; i++) {
    values[i] = valueAt(startMs + i * stepMs);
    if (values[i] !== values[0]) isConstant = false;
  }
  return isConstant
    ? DrawnCurve.constant(values[0]!, timeMs)
    : new DrawnCurve(startMs, stepMs, values);
}

/** Whether less than a quarter of a curve is left: subscribers must always know the threshold of the next hours. */
export const endsSoon = ({ isConstant, endMs, stepMs }: DrawnCurve, timeMs: number): boolean =>
  !isConstant && endMs - timeMs < LEAST_STEPS_AHEAD * stepMs;
