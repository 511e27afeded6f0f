import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { average, compare, difference, type Outcomes } from "./compare.ts";
import { PHYSICS, type Physics } from "./physics.ts";
import { differencesTable, meansTable, recoveryPlot } from "./report.ts";
import { WORKLOADS } from "./workload.ts";

/**
 * Policies for a MAPE-K loop side by side on simulated days: `--seeds 200 --varied-seeds 20`. Writes
 * bench/results/simulator.md and simulator-recovery.svg. README.md says what is simulated.
 */

const RESULTS = join(import.meta.dirname, "../../results");
/** Constants that are varied by half, to see whether the order of the policies holds. */
const VARIED = [
  "correctionSeconds",
  "sampleCv",
  "baseLoad",
  "sampleSeconds",
] as const satisfies readonly (keyof Physics)[];
/** Corrections that take long: the critical row, one at a time and small, is then slower than the healthy one. */
const SLOW_CORRECTIONS = [
  "correctionSeconds 8, correctionCpuSeconds 2",
  { correctionSeconds: 8, correctionCpuSeconds: 2 },
] as const;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "200" },
    "varied-seeds": { type: "string", default: "20" },
  },
});
const seedsUpTo = (count: string) => Array.from({ length: Number(count) }, (_, i) => i + 1);

function study(physics: Physics, seeds: readonly number[]): (readonly [string, Outcomes])[] {
  const rows = WORKLOADS.map((workload) => [workload, compare(workload, seeds, physics)] as const);
  return [...rows, ["all", average(rows.map(([, outcomes]) => outcomes))]];
}

/** What ours is to the others when one constant is halved or half as much again. */
function sensitivity(seeds: readonly number[]): (readonly [string, Outcomes])[] {
  const halves = VARIED.flatMap((name) =>
    [0.5, 1.5].map(
      (factor) => [`${name} × ${factor}`, { [name]: PHYSICS[name] * factor }] as const,
    ),
  );
  return [...halves, SLOW_CORRECTIONS].map(([name, changes]) => {
    const physics = { ...PHYSICS, ...changes };
    return [name, average(WORKLOADS.map((workload) => compare(workload, seeds, physics)))];
  });
}

const rows = study(PHYSICS, seedsUpTo(values.seeds));
const all = rows.at(-1)?.[1] as Outcomes;
const varied = sensitivity(seedsUpTo(values["varied-seeds"]));
const isBetter = (["fixed", "table"] as const).every((other) => {
  const { mean, half } = difference(all, other, "recoverSeconds");
  return mean + half < 0;
});
const text = `# Closed-loop simulator

${values.seeds} seeded days for each workload, the same for every policy; mean ± half of the 95 % confidence interval. What is
simulated: [bench/quality/simulator/README.md](../quality/simulator/README.md). Recovery of ours is ${isBetter ? "" : "not "}faster than both others over
all workloads, beyond the confidence interval.

${meansTable(rows)}

Paired differences, day by day; below 0 ours is better.

${differencesTable(rows)}

The same with one constant of the physics changed, ${values["varied-seeds"]} seeds, all workloads.

${differencesTable(varied)}
`;
mkdirSync(RESULTS, { recursive: true });
writeFileSync(join(RESULTS, "simulator.md"), text);
writeFileSync(join(RESULTS, "simulator-recovery.svg"), recoveryPlot(rows.slice(0, -1)));
console.log(text);
