import { basename } from "node:path";
import type { SeriesSettings } from "@mapek/core/contract";
import { analyze } from "@mapek/core/learning";
import { type CsvSeries, chooseSeries, readCsv } from "../input/csv.ts";
import type { Progress } from "../output/progress.ts";
import type { Report, ReportedSeries } from "./report-data.ts";

/** A report of a CSV file, with the results of `mapek analyze`. @throws {CliError} As `readCsv` and `chooseSeries`. */
export function reportOfFile(
  path: string,
  metric: string | undefined,
  settings: Partial<SeriesSettings>,
  progress: Progress,
): Report {
  const series = chooseSeries(readCsv(path), metric).map((one) =>
    analysed(one, settings, progress),
  );
  const [only, ...others] = series;
  const title = others.length === 0 ? (only?.name ?? basename(path)) : basename(path);
  return { title, source: basename(path), madeAt: Date.now(), series };
}

function analysed(
  { metric, times, values }: CsvSeries,
  settings: Partial<SeriesSettings>,
  progress: Progress,
): ReportedSeries {
  const found = analyze(times, values, settings, (row) =>
    progress.show(`${metric}: ${row} of ${values.length} rows`),
  );
  const rows = times
    .map((time, i) => ({ time, value: values[i] as number }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => a.time - b.time);
  return {
    ...found,
    name: metric,
    times: rows.map(({ time }) => time),
    values: rows.map(({ value }) => value),
    thresholds: [],
  };
}
