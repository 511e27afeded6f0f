import type { BudgetSpent } from "@mapek/core/contract";
import type { LearnerState } from "../state.ts";
import type { Series } from "./series.ts";

const BUDGET_MS = 14 * 86_400_000;
/** A budget counts as broken above this many times its size. */
const BROKEN_SHARE = 3;

/**
 * Share of its alarm budget that a series has spent as of its newest sample. Broken: more than 3 budgets spent, by a
 * series judged for at least 14 days. Cost: O(1).
 */
export function budgetOf({ learner }: Series): BudgetSpent {
  const { judge } = learner;
  const spent = spentOf(learner);
  return {
    alarm_budget_spent: spent,
    alarm_budget_broken: spent > BROKEN_SHARE && judge.judged * judge.intervalMs >= BUDGET_MS,
  };
}

/** Mean share of the alarm budget spent, by system. Cost: O(series), nearly nothing for series without any anomaly. */
export function budgetsSpent(states: readonly LearnerState[]): Map<string, number> {
  const sums = new Map<string, { spent: number; series: number }>();
  for (const { series, seriesCounts } of states) {
    for (const [system, count] of seriesCounts) {
      const sum = sums.get(system);
      if (sum === undefined) sums.set(system, { spent: 0, series: count });
      else sum.series += count;
    }
    for (const one of series.values()) {
      if (one.learner.judge.anomalies === 0) continue;
      const sum = sums.get(one.system);
      if (sum !== undefined) sum.spent += spentOf(one.learner);
    }
  }
  return new Map([...sums].map(([system, { spent, series }]) => [system, spent / series]));
}

/** Measured at the time of the newest sample, because samples may be behind the clock. */
const spentOf = ({ judge, window }: Series["learner"]): number =>
  judge.anomalies === 0 ? 0 : judge.budgetSpentAt(window.newestTime ?? judge.lastJudgedAt);
