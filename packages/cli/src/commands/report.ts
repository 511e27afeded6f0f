import { existsSync, writeFileSync } from "node:fs";
import { parse } from "node:path";
import type { Labels } from "@mapek/core/contract";
import { Command } from "commander";
import { dataOption, type NatsOptions, natsOption, withClient } from "../connection.ts";
import { CliError } from "../errors.ts";
import {
  type AnalysisOptions,
  analysisSettings,
  withAnalysisOptions,
} from "../input/analysis-options.ts";
import { labelArgument } from "../input/arguments.ts";
import { JSON_OPTION, printJson, printLine } from "../output/output.ts";
import { Progress } from "../output/progress.ts";
import { reportOfFile } from "../report/from-file.ts";
import { reportOfSystem } from "../report/from-system.ts";
import { pageOf } from "../report/page.ts";
import type { Report } from "../report/report-data.ts";

interface Options extends NatsOptions, AnalysisOptions {
  readonly output?: string;
  readonly metric?: string;
  readonly label?: Labels;
  readonly json?: boolean;
}

const NOTES = `
The page needs nothing beside itself: it can be sent by mail, opened without a network and printed. A chart with thresholds,
anomalies and changes, statistics, the recommendation with its reasoning.

  mapek report metrics.csv                    what mapek analyze finds in a file
  mapek report checkout/latency_ms            what the learner knows of a metric
  mapek report checkout/latency_ms -o - > a.html`;

export const reportCommand = (): Command =>
  withAnalysisOptions(
    new Command("report")
      .argument("<what>", "a CSV file as mapek analyze reads it, or <system>/<metric>")
      .option("-o, --output <file>", "where to (default: <what>.html here; -: standard output)")
      .option("--metric <metric>", "of a file: the column to take (default: all)")
      .option(
        "--label <name=value>",
        "of a system: a label of the series; may be repeated (default: every series)",
        labelArgument,
      ),
  )
    .option(...JSON_OPTION)
    .addOption(natsOption())
    .addOption(dataOption())
    .addHelpText("after", NOTES)
    .action(report);

async function report(what: string, options: Options): Promise<void> {
  const made = await reportOf(what, options);
  const page = pageOf(made);
  const output = options.output ?? `${nameOf(what)}.html`;
  if (output === "-") {
    process.stdout.write(page);
    return;
  }
  try {
    writeFileSync(output, page);
  } catch (cause) {
    throw new CliError("MAPEK_CLI_FILE", `${output}: ${(cause as Error).message}`, { cause });
  }
  if (options.json) printJson({ file: output, series: made.series.map(({ name }) => name) });
  else printLine(output);
}

const SERIES = /^([A-Za-z0-9_-]{1,128})\/(.{1,256})$/s;

async function reportOf(what: string, options: Options): Promise<Report> {
  const [, system, metric] = SERIES.exec(what) ?? [];
  if (existsSync(what) || system === undefined || metric === undefined) {
    const progress = new Progress();
    try {
      return reportOfFile(what, options.metric, analysisSettings(options), progress);
    } finally {
      progress.done();
    }
  }
  return await withClient(options, (client) =>
    reportOfSystem(client, system, metric, options.label),
  );
}

/** Default name of the page: `metrics` for `data/metrics.csv`, `checkout-latency_ms` for `checkout/latency_ms`. */
const nameOf = (what: string): string =>
  (existsSync(what) ? parse(what).name : what).replace(/[^A-Za-z0-9._-]/g, "-");
