import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Seeded series, and what NumPy says of them; see the README there. */
const folder = join(import.meta.dirname, "golden");

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

export function readExpected(): Record<string, ExpectedCase> {
  return JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
}

export const fileOf = (name: string): string => join(folder, `${name}.csv`);

export function readSamples(name: string): [timeMs: number, value: number][] {
  const [, ...lines] = readFileSync(fileOf(name), "utf8").trim().split("\n");
  return lines.map((line) => {
    const [time, value] = line.split(",");
    return [Number(time), Number(value)];
  });
}
