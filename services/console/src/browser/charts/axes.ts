import uPlot from "uplot";
import { number, seconds } from "../format.ts";
import { FONT, type Palette } from "./palette.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** Times of day; the date where a day begins or ticks are days apart. */
function timeLabels(_: uPlot, ticks: number[], __: number, ___: number, step: number): string[] {
  return ticks.map((tick) => {
    const date = new Date(tick * 1_000);
    const day = `${date.getDate()} ${date.toLocaleString(undefined, { month: "short" })}`;
    if (
      step >= 86_400 ||
      (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0)
    )
      return day;
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
    return step < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes;
  });
}

/** A time axis below and a value axis at the left, quiet ones. */
export function axes({ quiet, rule }: Palette, unit: string): uPlot.Axis[] {
  const common = { stroke: quiet, font: FONT, ticks: { show: false } };
  return [
    { ...common, grid: { show: false }, space: 72, size: 28, values: timeLabels },
    {
      ...common,
      grid: { stroke: rule, width: 1 },
      size: 62,
      space: 36,
      values: (_, ticks) => ticks.map((tick) => labelled(tick, unit)),
    },
  ];
}

const labelled = (tick: number, unit: string): string =>
  unit === "s" ? seconds(tick) : `${number(tick)} ${unit}`.trim();

/** A line that stays until the next value. */
export const stepped = (): uPlot.Series.PathBuilder => uPlot.paths.stepped!({ align: 1 });
