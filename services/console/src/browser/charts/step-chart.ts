import type uPlot from "uplot";
import { axes, stepped } from "./axes.ts";
import { LiveChart } from "./live-chart.ts";
import { palette } from "./palette.ts";

/** Values that hold until the next change. Times in milliseconds, ascending; the last value holds until `now`. */
export interface Steps {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly now: number;
  readonly unit: string;
}

const HEIGHT = 116;

/** A small chart of steps. */
export class StepChart extends LiveChart<Steps> {
  protected size(): { width: number; height: number } {
    return sizeOf(this.place);
  }

  protected data(): uPlot.AlignedData {
    return dataOf(this.figures);
  }

  protected options(): Omit<uPlot.Options, "width" | "height"> {
    const colours = palette();
    return {
      legend: { show: false },
      cursor: { show: false },
      scales: { y: { range: (_, low, high) => around(low, high) } },
      axes: axes(colours, this.figures.unit),
      series: [
        {},
        {
          stroke: colours.accent,
          width: 1.5,
          paths: stepped(),
          points: { show: false },
        },
      ],
    };
  }
}

const sizeOf = (place: HTMLElement) => ({
  width: Math.max(160, place.clientWidth),
  height: HEIGHT,
});

const dataOf = ({ times, values, now }: Steps): uPlot.AlignedData => [
  [...times, now].map((time) => time / 1_000),
  [...values, values.at(-1) ?? null],
];

/** Range of the value axis with room on both sides: no step lies on the edge, and noise in the last digit looks flat. */
function around(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = Math.max((high - low) / 4, Math.abs(high) / 10, 1e-6);
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
