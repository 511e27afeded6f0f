import { openedRows } from "./detect.ts";
import { normalSeries } from "./normal-series.ts";

/** How many anomalies the judge opens, at its default sensitivity, on series on which nothing happens. */
export interface FalseIncidents {
  readonly noise: string;
  readonly series: number;
  /** Anomalies a series. */
  readonly mean: number;
  readonly most: number;
  /** Series with more than two. */
  readonly over: number;
}

/** @param count Normal series, seeds from 0. @returns A line each kind of noise, and one for all. */
export function falseIncidents(count: number): FalseIncidents[] {
  const byNoise = new Map<string, number[]>();
  for (let seed = 0; seed < count; seed++) {
    const series = normalSeries(seed);
    const opened = openedRows(series).length;
    byNoise.set(series.noise, [...(byNoise.get(series.noise) ?? []), opened]);
  }
  const line = (noise: string, opened: readonly number[]): FalseIncidents => ({
    noise,
    series: opened.length,
    mean: opened.reduce((sum, x) => sum + x, 0) / opened.length,
    most: Math.max(...opened),
    over: opened.filter((x) => x > 2).length,
  });
  const lines = [...byNoise].map(([noise, opened]) => line(noise, opened));
  return [...lines, line("all", [...byNoise.values()].flat())];
}
