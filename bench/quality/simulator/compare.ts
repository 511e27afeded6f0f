import type { Physics } from "./physics.ts";
import { POLICIES, type PolicyName } from "./policies.ts";
import { type Measures, runDay } from "./run.ts";
import { makeDay, type Workload } from "./workload.ts";

const MEASURES = [
  "detectSeconds",
  "recoverSeconds",
  "overheadPercent",
  "falseAlarmsPerDay",
  "transitionsPerDay",
  "changesPerDay",
] as const satisfies readonly (keyof Measures)[];
export type MeasureName = (typeof MEASURES)[number];

/** A mean with half of its 95 % confidence interval (normal, as there are many seeds). */
export interface Estimate {
  readonly mean: number;
  readonly half: number;
}

/** For each policy and measure the values by seed; every policy met the same days. */
export type Outcomes = Record<PolicyName, Record<MeasureName, number[]>>;

/** Runs every policy through the same days. */
export function compare(workload: Workload, seeds: readonly number[], physics: Physics): Outcomes {
  const outcomes = emptyOutcomes();
  for (const seed of seeds) {
    const day = makeDay(workload, seed, 1, physics);
    for (const policy of POLICIES) {
      const measures = runDay(day, policy, physics);
      for (const name of MEASURES) outcomes[policy][name].push(measures[name]);
    }
  }
  return outcomes;
}

/** Mean over the workloads, seed by seed. */
export function average(all: readonly Outcomes[]): Outcomes {
  const outcomes = emptyOutcomes();
  for (const policy of POLICIES)
    for (const name of MEASURES) {
      const count = all[0]?.[policy][name].length ?? 0;
      for (let i = 0; i < count; i++) {
        const sum = all.reduce((total, one) => total + (one[policy][name][i] as number), 0);
        outcomes[policy][name].push(sum / all.length);
      }
    }
  return outcomes;
}

export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const variance = squares / Math.max(1, values.length - 1);
  return { mean, half: 1.96 * Math.sqrt(variance / values.length) };
}

/** Ours less the other, day by day: below 0 is better. */
export function difference(outcomes: Outcomes, other: PolicyName, name: MeasureName): Estimate {
  const theirs = outcomes[other][name];
  return estimate(outcomes.ours[name].map((value, i) => value - (theirs[i] as number)));
}

function emptyOutcomes(): Outcomes {
  const empty = () =>
    Object.fromEntries(MEASURES.map((name) => [name, [] as number[]])) as Record<
      MeasureName,
      number[]
    >;
  return { fixed: empty(), table: empty(), ours: empty() };
}
