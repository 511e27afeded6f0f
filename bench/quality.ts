import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Runs studies of quality, each in a process of its own: `node bench/quality.ts` for all,
 * `node bench/quality.ts nab --options` for one with its options. A study is a folder of bench/quality
 * with a main.ts; it writes its tables and plots to bench/results.
 *
 * Exit codes: 0, 1 when a study fails, 2 for a name that is not one.
 */

const STUDIES = join(import.meta.dirname, "quality");

const known = readdirSync(STUDIES)
  .filter((name) => existsSync(join(STUDIES, name, "main.ts")))
  .sort();
const [asked, ...options] = process.argv.slice(2);
if (asked !== undefined && !known.includes(asked)) {
  console.error(`unknown: ${asked}; expected ${known.join(", ")}`);
  process.exit(2);
}
for (const study of asked === undefined ? known : [asked]) {
  const { status } = spawnSync(process.execPath, [join(STUDIES, study, "main.ts"), ...options], {
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(`${study} failed (exit code ${status})`);
    process.exit(1);
  }
}
