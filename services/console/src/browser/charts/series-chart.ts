import type uPlot from "uplot";
import type { Line, SeriesFigures } from "../series/series-figures.ts";
import { axes } from "./axes.ts";
import { LiveChart } from "./live-chart.ts";
import { palette } from "./palette.ts";

const HEIGHT = 320;
const NARROW_HEIGHT = 240;
/** Diameter of a sample beyond a threshold, CSS pixels. */
const DOT = 5;
/** Up to this many samples are also shown as dots: a line through one sample is invisible. */
const FEW = 3;
/** Time shown before and after a single sample, seconds. */
const AROUND_S = 1_800;

/** Chart of a series: samples, thresholds as handed out and as expected, and anomalies. */
export class SeriesChart extends LiveChart<SeriesFigures> {
  protected size(): { width: number; height: number } {
    return sizeOf(this.place);
  }

  protected data(): uPlot.AlignedData {
    return dataOf(this.figures);
  }

  protected options(): Omit<uPlot.Options, "width" | "height"> {
    const colours = palette();
    const line = { stroke: colours.threshold, width: 1.6, points: { show: false } };
    const past = { ...line } satisfies uPlot.Series;
    const ahead = { ...line, dash: [5, 4], spanGaps: true } satisfies uPlot.Series;
    const before = { ...line, width: 1.2, alpha: 0.7, dash: [1.5, 4] } satisfies uPlot.Series;
    return {
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      scales: {
        x: { range: (_, from, to) => this.#spanOf(from, to) },
        y: { range: (_, low, high) => padded(low, high) },
      },
      axes: axes(colours, this.figures.unit),
      series: [
        {},
        {
          stroke: colours.accent,
          width: 1.4,
          points: { show: () => this.figures.times.length <= FEW, size: DOT },
        },
        past,
        past,
        before,
        before,
        ahead,
        ahead,
        {
          stroke: colours.threshold,
          paths: () => null,
          points: { show: true, size: DOT, width: 0, fill: colours.threshold },
        },
      ],
      hooks: { drawClear: [(chart) => this.#ground(chart)], draw: [(chart) => this.#peaks(chart)] },
    };
  }

  /** Shows a single sample amid one hour; uPlot would show it amid years. */
  #spanOf(from: number, to: number): [number, number] {
    const [only, second] = this.figures.times;
    if (only === undefined || second !== undefined) return [from, to];
    return [only / 1_000 - AROUND_S, only / 1_000 + AROUND_S];
  }

  /** Draws the ground behind the lines: the time after the newest sample, the bands of the promise, and anomalies. */
  #ground(chart: uPlot): void {
    const { ctx, bbox } = chart;
    const { times, upper, lower, marks } = this.figures;
    const colours = palette();
    const right = bbox.left + bbox.width;
    const newest = times.length === 0 ? right : xOf(chart, times.at(-1) as number);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colours.ahead;
    if (upper.ahead.length + lower.ahead.length > 0)
      ctx.fillRect(newest, bbox.top, right - newest, bbox.height);
    ctx.fillStyle = colours.band;
    for (const line of [upper, lower]) {
      if (line.band === undefined) continue;
      ctx.beginPath();
      this.#edge(chart, line, line.band[1], false);
      this.#edge(chart, line, line.band[0], true);
      ctx.fill();
    }
    ctx.fillStyle = colours.alarmGround;
    for (const { from, to } of marks) {
      const left = xOf(chart, from);
      const end = to === null ? newest : xOf(chart, to);
      ctx.fillRect(left, bbox.top, Math.max(3, end - left), bbox.height);
    }
    ctx.restore();
  }

  /** Adds one edge of a band to the path: the threshold's line, moved up or down by `moved`. */
  #edge(chart: uPlot, { past, before }: Line, moved: number, back: boolean): void {
    const { times } = this.figures;
    for (let n = 0; n < times.length; n++) {
      const i = back ? times.length - 1 - n : n;
      const threshold = past[i] ?? before[i];
      if (threshold === null || threshold === undefined) continue;
      chart.ctx.lineTo(
        xOf(chart, times[i] as number),
        chart.valToPos(threshold + moved, "y", true),
      );
    }
  }

  #peaks(chart: uPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = palette().alarm;
    for (const { peakAt, peakValue } of this.figures.marks) {
      const x = xOf(chart, peakAt);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.arc(x, chart.valToPos(peakValue, "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.restore();
  }
}

const xOf = (chart: uPlot, timeMs: number): number => chart.valToPos(timeMs / 1_000, "x", true);

const sizeOf = (place: HTMLElement) => ({
  width: Math.max(200, place.clientWidth),
  height: place.clientWidth < 600 ? NARROW_HEIGHT : HEIGHT,
});

/** Columns of the chart, over the times of samples followed by the times of expected thresholds. */
function dataOf({ times, values, upper, lower, beyond }: SeriesFigures): uPlot.AlignedData {
  const newest = times.at(-1) ?? Number.NEGATIVE_INFINITY;
  const coming = [...upper.ahead, ...lower.ahead]
    .map(([time]) => time)
    .filter((time) => time > newest);
  const later = [...new Set(coming)].sort((a, b) => a - b);
  const none = later.map(() => null);
  const aheadOf = (line: Line) => {
    const expected = new Map(line.ahead);
    // The expected line begins at the newest sample, where the past line ends.
    return [...times, ...later].map((time) =>
      time < newest ? null : (expected.get(time) ?? null),
    );
  };
  return [
    [...times, ...later].map((time) => time / 1_000),
    [...values, ...none],
    [...upper.past, ...none],
    [...lower.past, ...none],
    [...upper.before, ...none],
    [...lower.before, ...none],
    aheadOf(upper),
    aheadOf(lower),
    [...beyond, ...none],
  ];
}

/** Range of the value axis, with 1/20 of the span as room above and below. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low + high)) return [0, 1];
  const room = high > low ? (high - low) / 20 : Math.max(1, Math.abs(high) / 10);
  return [low - room, high + room];
}
