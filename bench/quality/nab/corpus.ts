import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One labelled series of the Numenta Anomaly Benchmark. */
export interface LabelledSeries {
  /** `<category>/<file>.csv`. */
  readonly name: string;
  /** Milliseconds, as if the file's local times were UTC. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last row of each labelled window, in order. */
  readonly windows: readonly (readonly [first: number, last: number])[];
}

/** Where the benchmark's files lie: `MAPEK_SHARED`, or `../shared` beside the repository. */
const NAB_FOLDER = resolve(
  import.meta.dirname,
  "../../..",
  process.env.MAPEK_SHARED || "../shared",
  "nab",
);

/**
 * Reads every series that `labels/combined_windows.json` names, in order of their names.
 *
 * A window's ends are the first rows with their times: some times occur twice.
 * @throws where a file is missing.
 */
export function loadCorpus(folder: string = NAB_FOLDER): LabelledSeries[] {
  const labels = JSON.parse(
    readFileSync(join(folder, "labels/combined_windows.json"), "utf8"),
  ) as Record<string, [string, string][]>;
  return Object.keys(labels)
    .sort()
    .map((name) => {
      const rows = readFileSync(join(folder, "data", name), "utf8")
        .trim()
        .split("\n")
        .slice(1);
      const firstRow = new Map<string, number>();
      const times = new Float64Array(rows.length);
      const values = new Float64Array(rows.length);
      rows.forEach((row, i) => {
        const [time = "", value] = row.trim().split(",");
        if (!firstRow.has(time)) firstRow.set(time, i);
        times[i] = Date.parse(`${time.replace(" ", "T")}Z`);
        values[i] = Number(value);
      });
      const rowOf = (time: string): number => firstRow.get(time.split(".")[0] as string) as number;
      const windows = (labels[name] as [string, string][]).map(
        ([from, to]) => [rowOf(from), rowOf(to)] as const,
      );
      return { name, times, values, windows };
    });
}
