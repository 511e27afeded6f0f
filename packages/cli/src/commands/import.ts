import type { Labels, SeriesExport } from "@mapek/core/messages";
import { Command } from "commander";
import { labelArgument } from "../arguments.ts";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { type CsvSeries, chooseSeries, readCsv } from "../csv.ts";
import { JSON_OPTION, printJson, printLine } from "../output.ts";
import { Progress } from "../progress.ts";

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
  const samples = await withClient(options, (client) =>
    client.importMetrics(system, series, (stored) =>
      progress.show(`${stored} of ${total} samples stored`),
    ),
  ).finally(() => progress.done());
  const metrics = series.map(({ metric, values }) => ({ metric, samples: values.length }));
  if (options.json) printJson({ system, samples, series: metrics });
  else printLine(`${samples} samples of ${metrics.map((it) => it.metric).join(", ")} stored`);
}

/** Missing samples left out, ascending in time. */
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
