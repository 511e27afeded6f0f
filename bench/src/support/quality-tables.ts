import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The first table of a study's page. @throws where the study has not run, or its page has none. */
function firstTable(results: string, study: string): string {
  const page = readFileSync(join(results, `${study}.md`), "utf8");
  const table = /(?:^\|.*\n)+/m.exec(page)?.[0].trim();
  if (table === undefined) throw new Error(`${study}.md has no table: run the study again`);
  return table;
}

/**
 * What the studies of quality found, for the page of the benchmarks: their first tables, and where the rest stands.
 *
 * @param results Folder into which the studies write.
 */
export function qualityTables(results: string): string {
  return [
    "## How well it learns",
    "",
    "Not timed and the same on every machine: `pnpm quality` runs these studies and writes their pages.",
    "",
    "### Alarms on labelled production series ([page](results/alarms.md))",
    "",
    firstTable(results, "alarms"),
    "",
    "### Anomalies on NAB's development half ([page](results/nab.md))",
    "",
    firstTable(results, "nab"),
    "",
    "### The control loop in simulation ([page](results/simulator.md))",
    "",
    firstTable(results, "simulator"),
    "",
    "### The promise of thresholds, as subscribers have them ([page](results/promise.md))",
    "",
    firstTable(results, "promise"),
    "",
    "### Confidence and trends ([page](results/calibration.md))",
    "",
    firstTable(results, "calibration"),
    "",
  ].join("\n");
}
