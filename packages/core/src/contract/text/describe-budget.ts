import { figure } from "../../statistics/index.ts";
import { BUDGET_ADVICE } from "./anomaly-words.ts";

/** The spent alarm budget of a series, as the learner's `series` verb gives it. */
export interface BudgetSpent {
  /** Incidents of the last fourteen days over the budget; older incidents weigh less, incidents labelled as right do not count. */
  readonly alarm_budget_spent: number;
  /** Whether the budget is not kept: fourteen days of samples, and more than three times the budget spent. */
  readonly alarm_budget_broken: boolean;
}

/** Words for the spent alarm budget of a series, with advice where the budget is not kept. */
export function describeBudget({ alarm_budget_spent, alarm_budget_broken }: BudgetSpent): string {
  const spent = figure(alarm_budget_spent, 2);
  const share = alarm_budget_spent <= 1 ? `${spent} of` : `${spent} times`;
  const advice = alarm_budget_broken ? `, which is not kept: ${BUDGET_ADVICE}` : "";
  return `it has spent ${share} its alarm budget of 14 days${advice}`;
}
