import { existsSync } from "node:fs";
import { join } from "node:path";
import { nabNames, nabSeries } from "../../test/support/nab-series.ts";
import {
  CONTINUOUS,
  syntheticSeries,
  TIED,
  type TimedSeries,
} from "../../test/support/synthetic-series.ts";
import {
  folderOf,
  LABELLED_CORPORA,
  type Labelled,
  labelledNames,
  labelledSeries,
  SHARED,
} from "./labelled.ts";

/** One of a kind is mostly chance: where its levels shift, how its tails fall. */
const SEEDS = [1, 2];

/** Series of operations whose operators labelled them, NAB's development half, and made ones. */
export const CORPORA = ["nab", ...LABELLED_CORPORA, "synthetic"] as const;
export type Corpus = (typeof CORPORA)[number];

/** A series that is loaded when it is asked for: all of them at once take 100 MB. */
export interface NamedSeries {
  readonly name: string;
  readonly load: () => TimedSeries;
}

/** Where a corpus is expected but is not; undefined where it is there, as made ones always are. */
export function missingFolder(corpus: Corpus): string | undefined {
  if (corpus === "synthetic") return undefined;
  const folder = corpus === "nab" ? join(SHARED, "nab") : folderOf(corpus);
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
  return labelledNames(corpus).map((name) => ({
    name,
    load: () => inOrder(labelledSeries(corpus, name)),
  }));
}

/** In order of time, without missing values; of rows with the same time the first stays, as in the learner. */
function inOrder({ times, values }: Labelled): TimedSeries {
  const rows = Array.from(times, (time, i) => [time, values[i]!] as const)
    .filter((row) => row.every(Number.isFinite))
    .sort(([a], [b]) => a - b);
  const kept = rows.filter(([time], i) => i === 0 || time !== rows[i - 1]![0]);
  return {
    times: Float64Array.from(kept, ([time]) => time),
    values: Float64Array.from(kept, ([, value]) => value),
  };
}
