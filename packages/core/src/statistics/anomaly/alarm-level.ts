/** Surprise that opens an incident at a budget of one false incident in fourteen days. */
const LEVEL = 2.8;
/**
 * What a tenth of the budget asks for in addition: incidents of a series come in runs, so their number falls faster than that of hours.
 * Both were chosen so that kpi, wsd, cloud and NAB's development half keep budgets of 0.5 and 1, and checked on normal series of ten
 * kinds at 1 min, 5 min and 1 h (see bench/quality/alarms).
 */
const LEVEL_A_DECADE = 1.4;
/** The incidents of late ask for at most so much more: surprise by their number, older ones weighing less. */
const REPETITION_RATE = 2;
const MOST_REPETITION = 0.8;
const DAY_MS = 86_400_000;
/** A budget is of so many days; the weight of an incident falls to 1/e in as long. */
export const BUDGET_MS = 14 * DAY_MS;
const BUDGET_HOURS = 336;

/**
 * The surprise from which on a sample opens an incident, so that about `budget` false ones open in fourteen days.
 *
 * @param budget False incidents a series in fourteen days, above 0. @param intervalMs Usual time between samples: a series slower
 * than hourly has fewer hours with samples in which a false one could open.
 */
export function alarmLevel(budget: number, intervalMs: number): number {
  const hours = Math.min(BUDGET_HOURS, BUDGET_MS / Math.max(1, intervalMs));
  return LEVEL - LEVEL_A_DECADE * Math.log10(budget) - Math.log10(BUDGET_HOURS / hours);
}

/** What the incidents of late add to that level: a series that cries often is believed less. @param recent Their number. */
export const repetitionLevel = (recent: number): number =>
  Math.min(MOST_REPETITION, REPETITION_RATE * Math.log10(1 + recent));
