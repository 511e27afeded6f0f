import {
  addCell,
  cells,
  enlargement,
  MAX_CELLS,
  medianOf,
  noiseWithin,
  PairSlopes,
  ROUNDING,
  type Slope,
  sizeOf,
} from "../trend/trend-cells.ts";

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** Windows up to this long are cut by time of day, by quarters of the days of the week, by days of the week. */
const CYCLES = [
  { untilMs: 2 * WEEK_MS, cycleMs: DAY_MS, slots: 12 },
  { untilMs: 5 * WEEK_MS, cycleMs: WEEK_MS, slots: 28 },
  { untilMs: 22 * WEEK_MS, cycleMs: WEEK_MS, slots: 7 },
];
export const LONGEST_SEASONAL_MS = 22 * WEEK_MS;
/** Fewer pairs say nothing. */
const LEAST_PAIRS = 6;
/** A window up to this long may be a part of a week: every third of it must show a part of the slope. */
const CONSISTENT_UNTIL_MS = 6.5 * DAY_MS;
const CONSISTENT_PART = 0.25;
const THIRDS = 3;

const slotOf = new Int32Array(MAX_CELLS);
const periodOf = new Int32Array(MAX_CELLS);
const residuals = new Float64Array(MAX_CELLS);
const selected = new Float64Array(MAX_CELLS);

/** Averages a window to cells: a slot of the day or week in a period of one or more of them. False on overflow. */
export function fillPeriods(times: Float64Array, values: Float64Array, scale: number): boolean {
  const n = values.length;
  const end = times[n - 1]!;
  const span = end - times[0]!;
  const cycle = CYCLES.find(({ untilMs }) => span < untilMs)!;
  const slotMs = cycle.cycleMs / cycle.slots;
  cells.count = 0;
  let total = 0;
  let from = 0;
  while (from < n) {
    // Slots are counted back from the end, so that the newest period is whole.
    const back = Math.floor((end - times[from]!) / slotMs);
    const startsAt = end - back * slotMs;
    let to = from + 1;
    while (to < n && times[to]! <= startsAt) to++;
    slotOf[cells.count] = back % cycle.slots;
    periodOf[cells.count] = Math.floor(back / cycle.slots);
    total += addCell(times, values, from, to, scale);
    from = to;
  }
  return Number.isFinite(total);
}

/**
 * Median of the slopes between cells at the same time of day, or of the week from two weeks on, and the seasonal
 * Kendall test with its variance enlarged for autocorrelation.
 *
 * A window under a week may be a part of a weekly cycle: each third of such a window must show the slope, else z is 0.
 *
 * @param spanMs Time covered, two days to 22 weeks. @returns Undefined when there are not enough cells to compare.
 * Source: Hirsch, Slack and Smith (1982), Water Resources Research 18(1), 107-121.
 */
export function seasonalTrend(spanMs: number): Slope | undefined {
  const { count, time, mean } = cells;
  const { slots } = CYCLES.find(({ untilMs }) => spanMs < untilMs)!;
  const pairs = new PairSlopes();
  let variance = 0;
  for (let slot = 0; slot < slots; slot++) {
    let size = 0;
    for (let i = 0; i < count; i++) {
      if (slotOf[i] !== slot) continue;
      size++;
      for (let j = 0; j < i; j++) if (slotOf[j] === slot) pairs.add(j, i);
    }
    variance += (size * (size - 1) * (2 * size + 5)) / 18;
  }
  if (pairs.count < LEAST_PAIRS) return undefined;
  const slope = pairs.middle();
  for (let slot = 0; slot < slots; slot++) removeSeason(slot, slope);
  const size = sizeOf(residuals, count);
  const smallest = ROUNDING * Math.abs(slope * spanMs);
  const enlarged = size <= smallest ? 1 : enlargement(residuals, count);
  const spread = Math.sqrt(variance * enlarged);
  const counts =
    Math.sign(pairs.score) === Math.sign(slope) &&
    (spanMs >= CONSISTENT_UNTIL_MS || isConsistent(slope));
  return {
    slope,
    ...pairs.interval(spread),
    z: counts ? Math.max(0, Math.abs(pairs.score) - 1) / spread : 0,
    deviation: Math.sqrt(size * size + noiseWithin()) + smallest,
  };

  function removeSeason(slot: number, slope: number): void {
    let size = 0;
    for (let i = 0; i < count; i++)
      if (slotOf[i] === slot) selected[size++] = mean[i]! - slope * time[i]!;
    const usual = size === 0 ? 0 : medianOf(selected, size);
    for (let i = 0; i < count; i++)
      if (slotOf[i] === slot) residuals[i] = mean[i]! - slope * time[i]! - usual;
  }
}

/** Whether each third of the window shows the slope, in the differences of cells to cells of the same slot a third earlier. */
function isConsistent(slope: number): boolean {
  const { count, time, mean } = cells;
  const lag = Math.max(1, Math.floor(periodOf[0]! / THIRDS));
  let size = 0;
  for (let i = 1; i < count; i++)
    for (let j = i - 1; j >= 0; j--)
      if (slotOf[j] === slotOf[i] && periodOf[j]! - periodOf[i]! === lag)
        selected[size++] = (mean[i]! - mean[j]!) / (time[i]! - time[j]!) / slope;
  for (let third = 0; third < THIRDS; third++) {
    const from = Math.floor((third * size) / THIRDS);
    const to = Math.floor(((third + 1) * size) / THIRDS);
    if (to > from && medianOf(selected.subarray(from, to), to - from) < CONSISTENT_PART)
      return false;
  }
  return true;
}
