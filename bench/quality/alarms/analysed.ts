import type { SeriesSettings } from "@mapek/core/contract";
import { type AnalysedAnomaly, analyze } from "@mapek/core/learning";
import type { IncidentRows } from "./judging/judge.ts";

/** What `mapek analyze` makes of a series, in rows of it. */
export interface Analysed {
  readonly incidents: readonly IncidentRows[];
  readonly anomalies: readonly AnalysedAnomaly[];
  /** As `--scores` writes them, one a row. */
  readonly scores: Float64Array;
  /** As `--scores` with `--episodes` writes them. */
  readonly episodes: Float64Array;
}

/** A series in the order of its file. */
interface Rows {
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Runs what the command runs. @param settings As its options; its defaults without them. */
export function analysed(series: Rows, settings: Partial<SeriesSettings> = {}): Analysed {
  const times = Array.from(series.times);
  const { anomalies, scores, episodes } = analyze(times, Array.from(series.values), settings);
  const last = times.length - 1;
  const rowAt = (timeMs: number | null): number => {
    const row = times.findIndex((time) => time >= (timeMs ?? times[last]!));
    return row < 0 ? last : row;
  };
  const incidents = anomalies.map(({ opened_at, closed_at }) => ({
    opened: rowAt(opened_at),
    closed: rowAt(closed_at),
  }));
  return { incidents, anomalies, scores, episodes };
}
