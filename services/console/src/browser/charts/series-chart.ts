import uPlot from "uplot";
import type { SeriesFigures } from "../series-figures.ts";
import { axes, stepped } from "./axes.ts";
import { onSchemeChange, palette } from "./palette.ts";

const HEIGHT = 320;
const NARROW_HEIGHT = 240;

/** Samples of a series with its thresholds, the band of the promise, and what was abnormal. */
export class SeriesChart {
  readonly #place: HTMLElement;
  readonly #size: ResizeObserver;
  readonly #endScheme: () => void;
  #figures: SeriesFigures;
  #chart: uPlot;

  constructor(place: HTMLElement, figures: SeriesFigures) {
    this.#place = place;
    this.#figures = figures;
    this.#chart = this.#make();
    this.#size = new ResizeObserver(() => this.#chart.setSize(sizeOf(place)));
    this.#size.observe(place);
    this.#endScheme = onSchemeChange(() => {
      this.#chart.destroy();
      this.#chart = this.#make();
    });
  }

  update(figures: SeriesFigures): void {
    this.#figures = figures;
    this.#chart.setData(dataOf(figures));
  }

  close(): void {
    this.#size.disconnect();
    this.#endScheme();
    this.#chart.destroy();
  }

  #make(): uPlot {
    const colours = palette();
    const threshold = {
      stroke: colours.threshold,
      width: 1.5,
      dash: [6, 4],
      paths: stepped(),
      points: { show: false },
    } satisfies Partial<uPlot.Series>;
    const options: uPlot.Options = {
      ...sizeOf(this.#place),
      legend: { show: false },
      cursor: { y: false, points: { size: 6 } },
      scales: { y: { range: (_, low, high) => padded(low, high) } },
      axes: axes(colours, this.#figures.unit),
      series: [
        {},
        { stroke: colours.accent, width: 1.4, points: { show: false } },
        threshold,
        threshold,
      ],
      hooks: { drawClear: [(chart) => this.#ground(chart)], draw: [(chart) => this.#peaks(chart)] },
    };
    return new uPlot(options, dataOf(this.#figures), this.#place);
  }

  /** The band of the promise and the stretches that were abnormal, behind the lines. */
  #ground(chart: uPlot): void {
    const { ctx, bbox } = chart;
    const colours = palette();
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = colours.band;
    for (const [low, high] of this.#figures.bands) {
      const top = chart.valToPos(high, "y", true);
      ctx.fillRect(bbox.left, top, bbox.width, Math.max(2, chart.valToPos(low, "y", true) - top));
    }
    // Where it is now, also where it was not in force yet.
    ctx.strokeStyle = colours.band;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    for (const value of [this.#figures.upper.at(-1), this.#figures.lower.at(-1)]) {
      if (value === null || value === undefined) continue;
      const y = chart.valToPos(value, "y", true);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.fillStyle = colours.alarmGround;
    for (const { from, to } of this.#figures.marks) {
      const left = chart.valToPos(from / 1_000, "x", true);
      const right = to === null ? bbox.left + bbox.width : chart.valToPos(to / 1_000, "x", true);
      ctx.fillRect(left, bbox.top, Math.max(3, right - left), bbox.height);
    }
    ctx.restore();
  }

  #peaks(chart: uPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = palette().alarm;
    for (const { peakAt, peakValue } of this.#figures.marks) {
      const x = chart.valToPos(peakAt / 1_000, "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.arc(x, chart.valToPos(peakValue, "y", true), 4 * devicePixelRatio, 0, 2 * Math.PI);
      ctx.fill();
    }
    ctx.restore();
  }
}

const sizeOf = (place: HTMLElement) => ({
  width: Math.max(200, place.clientWidth),
  height: place.clientWidth < 600 ? NARROW_HEIGHT : HEIGHT,
});

const dataOf = ({ times, values, upper, lower }: SeriesFigures): uPlot.AlignedData => [
  times.map((time) => time / 1_000),
  [...values],
  [...upper],
  [...lower],
];

/** A twentieth of room above and below. */
function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low + high)) return [0, 1];
  const room = high > low ? (high - low) / 20 : Math.max(1, Math.abs(high) / 10);
  return [low - room, high + room];
}
