import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";

/** A production series whose operators said when something was wrong. */
export interface Labelled {
  readonly corpus: string;
  readonly name: string;
  /** Milliseconds, as if local times were UTC. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** First and last time of each labelled event, ms. */
  readonly events: readonly (readonly [first: number, last: number])[];
}

/** Where the corpora lie: `MAPEK_SHARED`, or `../shared` beside the repository. */
const FOLDER = resolve(
  import.meta.dirname,
  "../../..",
  process.env.MAPEK_SHARED || "../shared",
  "corpora",
);
export const CORPORA = ["kpi", "wsd", "cloud"] as const;

/** Every series of a corpus, one at a time, in order of names. @throws where the corpus is missing. */
export function* labelledSeries(corpus: string): Generator<Labelled> {
  const folder = join(FOLDER, corpus);
  if (!existsSync(folder)) throw new Error(`no such corpus: ${folder} (MAPEK_SHARED)`);
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".csv.gz")) continue;
    const rows = gunzipSync(readFileSync(join(folder, name)))
      .toString("utf8")
      .trim()
      .split("\n")
      .slice(1);
    const times = new Float64Array(rows.length);
    const values = new Float64Array(rows.length);
    const events: [number, number][] = [];
    let wasWrong = false;
    rows.forEach((row, i) => {
      const [time, value, label] = row.split(",");
      times[i] = Number(time);
      values[i] = value === "" ? Number.NaN : Number(value);
      const isWrong = Number(label) > 0;
      if (isWrong && !wasWrong) events.push([times[i]!, times[i]!]);
      if (isWrong) events[events.length - 1]![1] = times[i]!;
      wasWrong = isWrong;
    });
    yield { corpus, name, times, values, events };
  }
}
