import { type Analysis, analyze } from "@mapek/core/learning";
import { Command } from "commander";
import {
  type AnalysisOptions,
  analysisSettings,
  withAnalysisOptions,
} from "../analysis-options.ts";
import { type CsvSeries, readCsv } from "../csv.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showNumbers,
  showTime,
  table,
} from "../output.ts";
import { Progress } from "../progress.ts";
import { scorePaths, writeScores } from "../score-files.ts";

interface Options extends AnalysisOptions {
  readonly json?: boolean;
  readonly scores?: string;
}

/** `mapek analyze`: the learner's own reducer over a file; needs no server. */
export const analyzeCommand = (): Command =>
  withAnalysisOptions(
    new Command("analyze")
      .argument(
        "<file>",
        "CSV with a header timestamp,value; several value columns are several metrics",
      )
      .option(...JSON_OPTION)
      .option(
        "--scores <out>",
        "write timestamp,value,anomaly_score to this file, a row per row; of several metrics to a file each, named with .<metric> before the extension",
      ),
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

function run(file: string, options: Options): void {
  const rows: (readonly string[])[] = [];
  const series = readCsv(file, (cells) => rows.push(cells));
  const settings = analysisSettings(options);
  const progress = new Progress();
  const analyses = series.map(({ metric, times, values }) =>
    analyze(times, values, settings, (row) =>
      progress.show(`${metric}: ${row} of ${values.length} rows`),
    ),
  );
  progress.done();
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
    showNumbers(Object.values(figures)),
  ]);

function recommendationText(recommendation: Analysis["recommendation"]): string {
  if (recommendation === null) return "none under 16 samples";
  const { recommended_value, confidence, strategy, provisional, reasoning } = recommendation;
  const kind = provisional ? ", provisional" : "";
  return `${showNumber(recommended_value)} (${strategy}, confidence ${showNumber(confidence)}${kind})\n                ${reasoning}`;
}

function anomaliesTable(anomalies: Analysis["anomalies"]): string[] {
  if (anomalies.length === 0) return [];
  const peaks = showNumbers(anomalies.map(({ peak_value }) => peak_value));
  const rows = anomalies.map((anomaly, i) => [
    showTime(anomaly.opened_at),
    anomaly.closed_at === null ? "open" : showTime(anomaly.closed_at),
    showTime(anomaly.peak_at),
    peaks[i] ?? "-",
    showNumber(anomaly.peak_score),
  ]);
  return ["", table([["OPENED", "CLOSED", "PEAK AT", "PEAK VALUE", "SCORE"], ...rows])];
}
