import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../../..");
const folder = resolve(root, process.env.MAPEK_SHARED ?? "../shared", "vectors");

/** What `expected.json` says about one file. */
export interface ExpectedCase {
  window: number;
  data_points: number;
  mean: number;
  median: number;
  std_dev: number;
  min_value: number;
  max_value: number;
  p25: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  threshold_percentile: number;
  threshold_sigma: number;
  threshold_iqr: number;
  trend: string | null;
}

/** Fails where the vectors are missing: a test that silently checks nothing is worse than none. */
export function readExpected(): Record<string, ExpectedCase> {
  if (!existsSync(join(folder, "expected.json"))) {
    throw new Error(
      "the test vectors are missing: set MAPEK_SHARED to the folder that holds vectors/",
    );
  }
  return JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
}

export function readSamples(name: string): [timeMs: number, value: number][] {
  const [, ...lines] = readFileSync(join(folder, `${name}.csv`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => {
    const [time, value] = line.split(",");
    return [Number(time), Number(value)];
  });
}
