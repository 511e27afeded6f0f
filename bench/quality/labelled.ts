import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

const ENDING = ".csv.gz";

/** A production series whose operators said when something was wrong. */
export interface Labelled {
  readonly corpus: string;
  readonly name: string;
  /** Milliseconds, as if local times were UTC. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last time of each labelled event, ms. */
  readonly events: readonly (readonly [first: number, last: number])[];
  /** First and last row of each, in the same order. */
  readonly eventRows: readonly (readonly [first: number, last: number])[];
}

/** Where foreign data lie: `MAPEK_SHARED`, or `../shared` beside the repository. */
export const SHARED = resolve(
  import.meta.dirname,
  "../..",
  process.env.MAPEK_SHARED || "../shared",
);

export const LABELLED_CORPORA = ["kpi", "wsd", "cloud"] as const;

export const folderOf = (corpus: string): string => join(SHARED, "corpora", corpus);

/** Names of the series of a corpus, in order. @throws where it is missing. */
export function labelledNames(corpus: string): string[] {
  const folder = folderOf(corpus);
  if (!existsSync(folder)) throw new Error(`no such corpus: ${folder} (MAPEK_SHARED)`);
  const files = readdirSync(folder).filter((file) => file.endsWith(ENDING));
  return files.map((file) => file.slice(0, -ENDING.length)).sort();
}

/** A series of a corpus, row by row as it is stored; a value that is missing is NaN. */
export function labelledSeries(corpus: string, name: string): Labelled {
  const rows = gunzipSync(readFileSync(join(folderOf(corpus), `${name}${ENDING}`)))
    .toString("utf8")
    .trim()
    .split("\n")
    .slice(1);
  const times = new Float64Array(rows.length);
  const values = new Float64Array(rows.length);
  const eventRows: [number, number][] = [];
  let wasWrong = false;
  rows.forEach((row, i) => {
    const [time, value, label] = row.split(",");
    times[i] = Number(time);
    values[i] = value === "" ? Number.NaN : Number(value);
    const isWrong = Number(label) > 0;
    if (isWrong && !wasWrong) eventRows.push([i, i]);
    if (isWrong) eventRows[eventRows.length - 1]![1] = i;
    wasWrong = isWrong;
  });
  const events = eventRows.map(([first, last]) => [times[first]!, times[last]!] as const);
  return { corpus, name, times, values, events, eventRows };
}
