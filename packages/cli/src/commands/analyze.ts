import { endingText, rarityOf, rarityText } from "@mapek/core/anomaly-words";
import { type Analysis, analyze } from "@mapek/core/learning";
import { EVIDENCE_FAMILIES } from "@mapek/core/statistics";
import { Command } from "commander";
import { usageError } from "../errors.ts";
import {
  type AnalysisOptions,
  analysisSettings,
  withAnalysisOptions,
} from "../input/analysis-options.ts";
import { type CsvSeries, readCsv } from "../input/csv.ts";
import { scorePaths, writeScores } from "../input/score-files.ts";
import {
  JSON_OPTION,
  printJson,
  printLine,
  showNumber,
  showNumbers,
  showTime,
  table,
} from "../output/output.ts";
import { Progress } from "../output/progress.ts";

interface Options extends AnalysisOptions {
  readonly json?: boolean;
  readonly scores?: string;
  readonly episodes?: boolean;
}

/** `mapek analyze`: runs the learner's own reducer over a file, without a server. */
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
      )
      .option(
        "--episodes",
        "with --scores: a score only where an anomaly opens, 0 elsewhere: one detection an anomaly",
      ),
  )
    .addHelpText(
      "after",
      `
Times are ISO 8601, YYYY-MM-DD HH:MM:SS, or seconds or milliseconds since 1970; UTC where they have no
zone. Rows are taken in the order of the file; an empty cell is a missing sample. A score lies between
0 and 1 and depends on its row and earlier ones only: 1 − the share of the series' own hours that hold as
much, held while values stay off; a row that is missing, repeated or older than the one before it is
not judged and has 0. In the first two days records alone are told. Under 16 samples there is no recommendation.`,
    )
    .action(run);

function run(file: string, options: Options): void {
  if (options.episodes && options.scores === undefined)
    throw usageError("--episodes says how --scores are written: give both");
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
      const { scores, episodes } = analyses[i] as Analysis;
      writeScores(path, rows, i + 1, options.episodes ? episodes : scores);
    });
  }
  if (options.json) {
    const found = analyses.map(({ scores: _scores, episodes: _episodes, ...analysis }, i) => ({
      metric: series[i]?.metric,
      ...analysis,
    }));
    printJson({ series: found });
    return;
  }
  const texts = analyses.map((analysis, i) => report(series[i] as CsvSeries, analysis));
  printLine(texts.join("\n\n"));
}

/** The analysis of one metric as text. */
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
  const rows = anomalies.map((anomaly) => {
    const { opened_at, closed_at, peak_at, peak_value, expected_low, expected_high } = anomaly;
    const [peak = "-", low, high] = showNumbers([peak_value, expected_low, expected_high]);
    return [
      showTime(opened_at),
      closed_at === null ? "open" : showTime(closed_at),
      showTime(peak_at),
      peak,
      expected_low === null ? "-" : `${low} to ${high}`,
      rarityText(rarityOf(anomaly) ?? 0),
      namedFamilies(anomaly),
      endingText(anomaly) ?? "it is open",
    ];
  });
  const header = ["OPENED", "CLOSED", "PEAK AT", "PEAK VALUE", "EXPECTED", "HOW RARE"];
  return ["", table([[...header, "UNUSUAL", "ENDED"], ...rows])];
}

/** The families of evidence that were unusual, the most unusual first. */
const namedFamilies = ({ families }: Analysis["anomalies"][number]): string =>
  families.filter((name) => EVIDENCE_FAMILIES.some((family) => family === name)).join(", ") || "-";
