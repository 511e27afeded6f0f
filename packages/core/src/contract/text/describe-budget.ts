import { figure } from "../../statistics/index.ts";
import { BUDGET_ADVICE } from "./anomaly-words.ts";

/** What a series has spent of its alarm budget, as the learner's `series` verb tells of it. */
export interface BudgetSpent {
  /** Incidents of the last fourteen days, older ones weighing less and those called right left out, over the budget. */
  readonly alarm_budget_spent: number;
  /** Whether the promise is not kept: fourteen days of samples, and more than three times the budget. */
  readonly alarm_budget_broken: boolean;
}

/** What a series has spent of its budget, in words; where the promise is not kept also what to do. */
export function describeBudget({ alarm_budget_spent, alarm_budget_broken }: BudgetSpent): string {
  const spent = figure(alarm_budget_spent, 2);
  const share = alarm_budget_spent <= 1 ? `${spent} of` : `${spent} times`;
  const advice = alarm_budget_broken ? `, which is not kept: ${BUDGET_ADVICE}` : "";
  return `it has spent ${share} its alarm budget of 14 days${advice}`;
}
