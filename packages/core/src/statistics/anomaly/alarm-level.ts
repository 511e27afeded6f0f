/** Surprise that opens an incident at a budget of one false incident in fourteen days. */
const LEVEL = 2.8;
/**
 * Additional surprise for a budget ten times smaller. The value is not 1 because incidents of a series come in runs, so incidents and
 * unusual hours do not fall at the same rate. `LEVEL` and `LEVEL_A_DECADE` were chosen so that kpi, wsd, cloud and NAB's development
 * half keep budgets of 0.5 and 1, and checked on normal series of ten kinds at 1 min, 5 min and 1 h (see bench/quality/alarms).
 */
const LEVEL_A_DECADE = 1.4;
/** Recent incidents raise the level by at most 0.8; older incidents have less weight. */
const REPETITION_RATE = 2;
const MOST_REPETITION = 0.8;
const DAY_MS = 86_400_000;
/** A budget covers 14 days; the weight of an incident falls to 1/e in the same time. */
export const BUDGET_MS = 14 * DAY_MS;
const BUDGET_HOURS = 336;

/**
 * The surprise from which a sample opens an incident, so that about `budget` false incidents open in fourteen days.
 *
 * @param budget False incidents per series in fourteen days, above 0. @param intervalMs Usual time between samples: a series slower
 * than hourly has fewer hours in which a false incident can open.
 */
export function alarmLevel(budget: number, intervalMs: number): number {
  const hours = Math.min(BUDGET_HOURS, BUDGET_MS / Math.max(1, intervalMs));
  return LEVEL - LEVEL_A_DECADE * Math.log10(budget) - Math.log10(BUDGET_HOURS / hours);
}

/** The rise of the level after recent incidents, 0 … 0.8: a noisy series opens fewer. @param recent Weighted number of incidents. */
export const repetitionLevel = (recent: number): number =>
  Math.min(MOST_REPETITION, REPETITION_RATE * Math.log10(1 + recent));
