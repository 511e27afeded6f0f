import { type LabelledSeries, loadCorpus } from "../../bench/quality/nab/corpus.ts";
import type { TimedSeries } from "./synthetic-series.ts";

let loaded: ReadonlyMap<string, LabelledSeries> | undefined;

function corpus(): ReadonlyMap<string, LabelledSeries> {
  loaded ??= new Map(loadCorpus().map((series) => [series.name.slice(0, -".csv".length), series]));
  return loaded;
}

/** Names of the development series, "folder/file" without its ending. @throws when the data are missing. */
export const nabNames = (): string[] => [...corpus().keys()];

/** A series in order of time; of rows with the same time the first stays, as in the learner. */
export function nabSeries(name: string): TimedSeries {
  const found = corpus().get(name);
  if (found === undefined) throw new Error(`no series is called ${name}`);
  const rows = Array.from(found.times, (time, i) => [time, found.values[i] as number] as const);
  const ordered = rows.toSorted(([a], [b]) => a - b);
  const kept = ordered.filter(([time], i) => i === 0 || time !== ordered[i - 1]![0]);
  return {
    times: Float64Array.from(kept, ([time]) => time),
    values: Float64Array.from(kept, ([, value]) => value),
  };
}
