import { head, row } from "../table.ts";
import type { AnalysedCorpus } from "./corpus-tables.ts";
import type { JudgedSeries } from "./judging/judged-series.ts";
import { areaUnderPr, volumeUnderPr } from "./judging/precision-recall.ts";
import { residual } from "./simple/simple-detectors.ts";

/** How well scores order the judged rows of the series of a corpus, on average over those with an event. */
interface ScoreQuality {
  readonly areaUnderPr: number;
  readonly volumeUnderPr: number;
}

/** Quality of what `--scores` writes, beside the distance from the mean of the last five points. */
export function scoreTable(corpora: readonly AnalysedCorpus[], budget: number): string[] {
  return [
    ...head(
      ...["corpus", "series with an event", "AUC-PR of `--scores`", "x − mean of 5"],
      ...["VUS-PR of `--scores`", "x − mean of 5"],
    ),
    ...corpora.map(({ corpus, series, byBudget }) => {
      const ours = qualityOf(series, (_, i) => byBudget.get(budget)![i]!.scores);
      const simple = qualityOf(series, ({ times, values }) =>
        residual(times, Float64Array.from(values)),
      );
      return row(
        corpus,
        series.filter(({ events }) => events.length > 0).length,
        `**${ours.areaUnderPr.toFixed(3)}**`,
        simple.areaUnderPr.toFixed(3),
        `**${ours.volumeUnderPr.toFixed(3)}**`,
        simple.volumeUnderPr.toFixed(3),
      );
    }),
  ];
}

function qualityOf(
  all: readonly JudgedSeries[],
  scoresOf: (series: JudgedSeries, i: number) => Float64Array,
): ScoreQuality {
  const areas: number[] = [];
  const volumes: number[] = [];
  all.forEach((series, i) => {
    if (series.events.length === 0) return;
    const { from } = series;
    const scores = scoresOf(series, i).subarray(from);
    const events = series.events.map(
      ([first, last]) => [Math.max(0, first - from), last - from] as const,
    );
    areas.push(areaUnderPr(scores, events));
    volumes.push(volumeUnderPr(scores, events));
  });
  return { areaUnderPr: mean(areas), volumeUnderPr: mean(volumes) };
}

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
