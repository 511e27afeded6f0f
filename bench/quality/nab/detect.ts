import { SeriesJudge } from "@mapek/core/learning";
import { AnomalyDetector, scoreOf } from "@mapek/core/stats";
import type { LabelledSeries } from "./corpus.ts";

/** Evidence from which on a point begins an episode; the benchmark's own threshold lies above. */
const EPISODE_EVIDENCE = 0.3;
/** Points after the beginning of an episode in which none begins: a share of those seen, at most so many. */
const EPISODE_SHARE = 0.03;
const MAX_EPISODE = 300;

/**
 * Score of each row: that of the detector, with one detection an episode. Strictly in order of time: a row's score depends on
 * it and earlier rows only.
 */
export function scoreSeries(
  { times, values }: Pick<LabelledSeries, "times" | "values">,
  level = EPISODE_EVIDENCE,
): Float64Array {
  const detector = new AnomalyDetector();
  let since = Number.POSITIVE_INFINITY;
  return values.map((value, row) => {
    detector.update(times[row] as number, value);
    const { evidence } = detector;
    const isNews = since > Math.min(EPISODE_SHARE * row, MAX_EPISODE);
    if (evidence >= level && isNews) since = 0;
    else since++;
    return evidence >= level && !isNews ? 0 : scoreOf(evidence);
  });
}

/** Rows at which the live judge opens an anomaly at a sensitivity. */
export function openedRows(
  { times, values }: Pick<LabelledSeries, "times" | "values">,
  sensitivity = 1,
): number[] {
  const judge = new SeriesJudge({
    sensitivity,
    minDeviation: 0,
    minRelativeDeviation: 0,
    direction: "both",
  });
  const rows: number[] = [];
  values.forEach((value, row) => {
    const events = judge.judge(times[row] as number, value, 0);
    if (events.some(({ type }) => type === "opened")) rows.push(row);
  });
  return rows;
}
