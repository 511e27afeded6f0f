import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { nabNames, nabSeries } from "../../test/support/nab-series.ts";
import {
  CONTINUOUS,
  syntheticSeries,
  TIED,
  type TimedSeries,
} from "../../test/support/synthetic-series.ts";

/** Where the corpora lie: `MAPEK_SHARED`, or `../shared` beside the repository. */
const SHARED = resolve(import.meta.dirname, "../..", process.env.MAPEK_SHARED || "../shared");

/** One of a kind is mostly chance: where its levels shift, how its tails fall. */
const SEEDS = [1, 2];

/** Series of operations whose operators labelled them, NAB's development half, and made ones. */
export const CORPORA = ["nab", "kpi", "wsd", "cloud", "synthetic"] as const;
export type Corpus = (typeof CORPORA)[number];

/** A series that is loaded when it is asked for: all of them at once take 100 MB. */
export interface NamedSeries {
  readonly name: string;
  readonly load: () => TimedSeries;
}

/** Where a corpus is expected but is not; undefined where it is there, as made ones always are. */
export function missingFolder(corpus: Corpus): string | undefined {
  if (corpus === "synthetic") return undefined;
  const folder = corpus === "nab" ? join(SHARED, "nab") : join(SHARED, "corpora", corpus);
  return existsSync(folder) ? undefined : folder;
}

/**
 * Every `every`th series of a corpus, in order of name, from the first; of the made ones two of each kind.
 *
 * @throws where its folder is missing: ask `missingFolder` before.
 */
export function seriesOf(corpus: Corpus, every = 1): NamedSeries[] {
  return named(corpus).filter((_, i) => i % every === 0);
}

function named(corpus: Corpus): NamedSeries[] {
  if (corpus === "nab") return nabNames().map((name) => ({ name, load: () => nabSeries(name) }));
  if (corpus === "synthetic")
    return Object.keys({ ...CONTINUOUS, ...TIED }).flatMap((kind) =>
      SEEDS.map((seed) => ({ name: `${kind} ${seed}`, load: () => syntheticSeries(kind, seed) })),
    );
  const folder = join(SHARED, "corpora", corpus);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".csv.gz"))
    .sort()
    .map((file) => ({
      name: file.slice(0, -".csv.gz".length),
      load: () => readSeries(join(folder, file)),
    }));
}

/** In order of time; of rows with the same time the first stays, as in the learner. */
function readSeries(path: string): TimedSeries {
  const rows = gunzipSync(readFileSync(path))
    .toString()
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",", 2).map((cell) => Number.parseFloat(cell)) as [number, number])
    .filter((row) => row.every(Number.isFinite))
    .sort(([a], [b]) => a - b);
  const kept = rows.filter(([time], i) => i === 0 || time !== rows[i - 1]![0]);
  return {
    times: Float64Array.from(kept, ([time]) => time),
    values: Float64Array.from(kept, ([, value]) => value),
  };
}
