import uPlot from "uplot";
import { inUnit } from "../format.ts";
import { FONT, type Palette } from "./palette.ts";

const two = (value: number): string => String(value).padStart(2, "0");

/** Labels of ticks: the time of day, or the date where a day begins or ticks are days apart. */
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

/** Steps between ticks of durations, in seconds, round in min, h or d: a tick at 600,000 s is hard to read, one at 7 d is not. */
const DURATION_STEPS = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1].flatMap((n) => [n, 2 * n, 5 * n]),
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((n) => 60 * n),
  ...[1, 2, 3, 6, 12].map((n) => 3_600 * n),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 10_000].map((n) => 86_400 * n),
];
const PER_SECOND: Readonly<Record<string, number>> = { s: 1, ms: 1_000 };

/** Gap between a label and the chart, CSS pixels. */
const LABEL_GAP = 8;
const LEAST_SIZE = 44;

/** Width of the value axis: that of the widest label, which a fixed width would cut off. */
function sizeOf({ ctx }: uPlot, labels: readonly string[] | null): number {
  ctx.save();
  ctx.font = FONT;
  const widest = Math.max(0, ...(labels ?? []).map((label) => ctx.measureText(label).width));
  ctx.restore();
  return Math.max(LEAST_SIZE, Math.ceil(widest) + 2 * LABEL_GAP);
}

/** A time axis below and a value axis at the left. @param unit Unit of the values; `s` and `ms` get round durations. */
export function axes({ quiet, rule }: Palette, unit: string): uPlot.Axis[] {
  const common = { stroke: quiet, font: FONT, ticks: { show: false } };
  const perSecond = PER_SECOND[unit];
  return [
    { ...common, grid: { show: false }, space: 72, size: 28, values: timeLabels },
    {
      ...common,
      grid: { stroke: rule, width: 1 },
      gap: LABEL_GAP,
      size: sizeOf,
      space: 36,
      values: (_, ticks) => ticks.map((tick) => inUnit(tick, unit)),
      ...(perSecond !== undefined && { incrs: DURATION_STEPS.map((step) => step * perSecond) }),
    },
  ];
}

/** Path of a line that keeps each value until the next. */
export const stepped = (): uPlot.Series.PathBuilder => uPlot.paths.stepped!({ align: 1 });
