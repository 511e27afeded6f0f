import type { MapekClient } from "@mapek/client";
import type { Labels, SeriesExport } from "@mapek/core/contract";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { labelArgument } from "../input/arguments.ts";
import { type CsvSeries, chooseSeries, readCsv } from "../input/csv.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";
import { Progress } from "../output/progress.ts";

interface Options extends NatsOptions {
  readonly metric?: string;
  readonly label?: Labels;
  readonly json?: boolean;
}

export const importCommand = (): Command =>
  new Command("import")
    .argument("<file>", "CSV with a header timestamp,value (or a column per metric)")
    .argument("<system>", "whose metrics they are")
    .option("--metric <metric>", "the column to take, or the name of the only one")
    .option("--label <name=value>", "a label of the series; may be repeated", labelArgument)
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .action(importFile);

async function importFile(file: string, system: string, options: Options): Promise<void> {
  const series = chooseSeries(readCsv(file), options.metric).map((one) =>
    exportOf(one, options.label ?? {}),
  );
  const total = series.reduce((sum, { values }) => sum + values.length, 0);
  const progress = new Progress();
  const { samples, late } = await withClient(options, async (client) => {
    const late = await lateOf(client, system, series);
    const samples = await client.importMetrics(system, series, (stored) =>
      progress.show(`${stored} of ${total} samples stored`),
    );
    return { samples, late };
  }).finally(() => progress.done());
  const metrics = series.map(({ metric, values }) => ({ metric, samples: values.length }));
  if (options.json) printJson({ system, samples, not_taught: late, series: metrics });
  else printLine(`${samples} samples of ${metrics.map((it) => it.metric).join(", ")} stored`);
  if (late > 0 && !options.json)
    printLine(
      `${late} of them are older than the newest sample of their series: they fill its window, and teach no season, change or anomaly. Import history before live samples, or as another metric.`,
    );
}

/** Number of samples older than the newest one of their series: the learner teaches only in order of time. */
async function lateOf(
  client: MapekClient,
  system: string,
  series: readonly SeriesExport[],
): Promise<number> {
  let late = 0;
  for (const { metric, labels, timestamps } of series) {
    const [known] = await client.series(system, { metric, labels });
    const newest = known?.last_time ?? Number.NEGATIVE_INFINITY;
    late += timestamps.filter((time) => time < newest).length;
  }
  return late;
}

/** A series as an export, ascending in time, without missing samples. */
function exportOf({ metric, times, values }: CsvSeries, labels: Labels): SeriesExport {
  const rows = times
    .map((time, i) => ({ time, value: values[i] ?? Number.NaN }))
    .filter(({ value }) => !Number.isNaN(value))
    .sort((a, b) => a.time - b.time);
  return {
    version: 1,
    metric,
    labels,
    timestamps: rows.map(({ time }) => time),
    values: rows.map(({ value }) => value),
  };
}
