import { type Analysis, analyze } from "@mapek/core/learning";
import type { SeriesSettings } from "@mapek/core/messages";
import { STRATEGIES } from "@mapek/core/stats";
import { Command, InvalidArgumentError, Option } from "commander";
import { countArgument, numberArgument } from "../arguments.ts";
import { type CsvSeries, readCsv } from "../csv.ts";
import { JSON_OPTION, printJson, printLine, showNumber, showTime, table } from "../output.ts";
import { scorePaths, writeScores } from "../score-files.ts";

interface Options {
  readonly json?: boolean;
  readonly scores?: string;
  readonly strategy?: SeriesSettings["strategy"];
  readonly sensitivity?: number;
  readonly window?: number;
  readonly minDataPoints?: number;
}

const MAX_WINDOW = 1_000_000;

/** `mapek analyze`: the learner's own reducer over a file; needs no server. */
export const analyzeCommand = (): Command =>
  new Command("analyze")
    .description(
      "learn from a file: statistics, trend, threshold and anomalies of every metric in it",
    )
    .argument(
      "<file>",
      "CSV with a header timestamp,value; several value columns are several metrics",
    )
    .option(...JSON_OPTION)
    .option(
      "--scores <out>",
      "write timestamp,value,anomaly_score to this file, a row per row; of several metrics to a file each, named with .<metric> before the extension",
    )
    .addOption(
      new Option(
        "--strategy <name>",
        "how the threshold is found (default: by shape and backtest)",
      ).choices([...STRATEGIES, "auto"]),
    )
    .option("--sensitivity <x>", "0.1–10; larger: more anomalies (default: 1)", sensitivityArgument)
    .option(
      "--window <n>",
      "samples that are learned from, the newest (default: 10000)",
      windowArgument,
    )
    .option(
      "--min-data-points <n>",
      "samples below which a recommendation is provisional (default: 100)",
      countArgument,
    )
    .addHelpText(
      "after",
      `
Times are ISO 8601, YYYY-MM-DD HH:MM:SS, or seconds or milliseconds since 1970; UTC where they have no
zone. Rows are taken in the order of the file; an empty cell is a missing sample. A score lies between
0 and 1 and depends on its row and earlier ones only; a row that is missing, repeated or older than the
one before it is not judged and has 0. Under 16 samples there is no recommendation.`,
    )
    .action(run);

function sensitivityArgument(text: string): number {
  const value = numberArgument(text);
  if (value < 0.1 || value > 10)
    throw new InvalidArgumentError("expected a number from 0.1 to 10.");
  return value;
}

function windowArgument(text: string): number {
  const value = countArgument(text);
  if (value > MAX_WINDOW) throw new InvalidArgumentError(`expected at most ${MAX_WINDOW}.`);
  return value;
}

function run(file: string, options: Options): void {
  const rows: (readonly string[])[] = [];
  const series = readCsv(file, (cells) => rows.push(cells));
  const settings = settingsOf(options);
  const analyses = series.map(({ times, values }) => analyze(times, values, settings));
  if (options.scores !== undefined) {
    const paths = scorePaths(
      options.scores,
      series.map(({ metric }) => metric),
    );
    paths.forEach((path, i) => {
      writeScores(path, rows, i + 1, (analyses[i] as Analysis).scores);
    });
  }
  if (options.json) {
    const found = analyses.map(({ scores: _, ...analysis }, i) => ({
      metric: series[i]?.metric,
      ...analysis,
    }));
    printJson({ series: found });
    return;
  }
  const texts = analyses.map((analysis, i) => report(series[i] as CsvSeries, analysis));
  printLine(texts.join("\n\n"));
}

function settingsOf({
  strategy,
  sensitivity,
  window,
  minDataPoints,
}: Options): Partial<SeriesSettings> {
  return {
    ...(strategy !== undefined && { strategy }),
    ...(sensitivity !== undefined && { sensitivity }),
    ...(window !== undefined && { window_capacity: window }),
    ...(minDataPoints !== undefined && { min_data_points: minDataPoints }),
  };
}

/** What a person reads of one metric. */
function report({ metric, times, values }: CsvSeries, analysis: Analysis): string {
  const { statistics, candidates } = analysis;
  const read = times.filter((_, i) => !Number.isNaN(values[i]));
  if (statistics === null || candidates === null) return `${metric}: no samples`;
  const { data_points, ...figures } = statistics;
  const span = `${showTime(least(read))} to ${showTime(-least(read.map((time) => -time)))}`;
  return [
    `${metric}: ${data_points} samples in the window, ${read.length} read, ${span}`,
    "",
    figuresTable({ ...figures }),
    "",
    figuresTable({ ...candidates }),
    "",
    `trend           ${analysis.trend.direction}, ${showNumber(analysis.trend.slope_per_hour)} an hour`,
    `recommendation  ${recommendationText(analysis.recommendation)}`,
    `anomalies       ${analysis.anomalies.length === 0 ? "none" : analysis.anomalies.length}`,
    ...anomaliesTable(analysis.anomalies),
    `changes         ${analysis.changes.length === 0 ? "none" : analysis.changes.length}`,
    ...analysis.changes.map(
      ({ kind, since, reasoning }) =>
        `                ${showTime(since)} ${kind.replace("_", " ")}: ${reasoning}`,
    ),
  ].join("\n");
}

const least = (times: readonly number[]): number =>
  times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);

const figuresTable = (figures: Readonly<Record<string, number>>): string =>
  table([
    Object.keys(figures).map((name) => name.toUpperCase()),
    Object.values(figures).map((value) => showNumber(value)),
  ]);

function recommendationText(recommendation: Analysis["recommendation"]): string {
  if (recommendation === null) return "none under 16 samples";
  const { recommended_value, confidence, strategy, provisional, reasoning } = recommendation;
  const kind = provisional ? ", provisional" : "";
  return `${showNumber(recommended_value)} (${strategy}, confidence ${showNumber(confidence)}${kind})\n                ${reasoning}`;
}

function anomaliesTable(anomalies: Analysis["anomalies"]): string[] {
  if (anomalies.length === 0) return [];
  const rows = anomalies.map((anomaly) => [
    showTime(anomaly.opened_at),
    anomaly.closed_at === null ? "open" : showTime(anomaly.closed_at),
    showTime(anomaly.peak_at),
    showNumber(anomaly.peak_value),
    showNumber(anomaly.peak_score),
  ]);
  return ["", table([["OPENED", "CLOSED", "PEAK AT", "PEAK VALUE", "SCORE"], ...rows])];
}
