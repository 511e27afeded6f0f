import type { Curve } from "@mapek/client";
import { clamp } from "@mapek/core/statistics";
import { showNumber, showTime } from "../output/output.ts";
import { numberTicks, timeTicks } from "./axis.ts";
import { html, type Markup } from "./html.ts";
import type { ReportedAnomaly, ReportedSeries } from "./report-data.ts";
import { thinLine } from "./thin-line.ts";
import { shownUntil, thresholdLines } from "./threshold-lines.ts";

const WIDTH = 1_000;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 990;
const TOP = 12;
const BOTTOM = 290;
/** Least width of an anomaly, pixels, so that short ones stay visible. */
const LEAST_BAND = 3;
/** Half the width of the widest time label, pixels. */
const LABEL_ROOM = 36;
/** Limit of anomalies drawn, the newest: more would cover the whole chart. */
const MOST_BANDS = 1_000;

interface Scale {
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
  readonly from: number;
  /** Time of the newest sample. */
  readonly newest: number;
  /** End of the chart: after `newest` where thresholds have a schedule. */
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** Chart of a series as SVG: samples, thresholds, anomalies and changes. Undefined without samples. */
export function chartOf(series: ReportedSeries): Markup | undefined {
  const { times, values, name, anomalies, changes } = series;
  if (times.length === 0) return undefined;
  const lines = thresholdLines(series);
  const scale = scaleOf(
    series,
    lines.flatMap(({ points }) => points.map(([, value]) => value)),
  );
  const { x, y } = scale;
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${name} over time">
${numberTicks(scale.low, scale.high).map(
  ({
    value,
    label,
  }) => html`<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${place(y(value))}" y2="${place(y(value))}"/><text class="tick" x="${LEFT - 8}" y="${place(y(value) + 4)}" text-anchor="end">${label}</text>
`,
)}${timeTicks(scale.from, scale.to).map(
  ({
    value,
    label,
  }) => html`<line class="grid" y1="${TOP}" y2="${BOTTOM}" x1="${place(x(value))}" x2="${place(x(value))}"/><text class="tick" x="${place(x(value))}" y="${BOTTOM + 18}" text-anchor="${anchorOf(x(value))}">${label}</text>
`,
)}${
  scale.to === scale.newest
    ? undefined
    : html`<rect class="ahead" x="${place(x(scale.newest))}" y="${TOP}" width="${place(RIGHT - x(scale.newest))}" height="${BOTTOM - TOP}"><title>what comes</title></rect>
`
}${anomalies.slice(-MOST_BANDS).map((anomaly) => band(anomaly, scale))}${changes.map(
  ({ since, kind, reasoning }) =>
    since < scale.from || since > scale.to
      ? undefined
      : html`<line class="change" y1="${TOP}" y2="${BOTTOM}" x1="${place(x(since))}" x2="${place(x(since))}"><title>${showTime(since)} ${kind.replace("_", " ")}: ${reasoning}</title></line>
`,
)}<path class="samples" d="${thinLine(times, values, x, y)}"/>
${lines.map(
  ({
    points,
    title,
    isInForce,
  }) => html`<path class="threshold${isInForce ? "" : " proposed"}" d="${pathOf(points, scale)}"><title>${title}</title></path>
`,
)}${anomalies.slice(-MOST_BANDS).map(
  ({
    peak_at,
    peak_value,
    peak_score,
  }) => html`<circle class="peak" r="3.5" cx="${place(x(peak_at))}" cy="${place(y(peak_value))}"><title>${showTime(peak_at)}: ${showNumber(peak_value)}, score ${showNumber(peak_score)}</title></circle>
`,
)}</svg>`;
}

function scaleOf(series: ReportedSeries, more: readonly number[]): Scale {
  const { times, values, anomalies } = series;
  let from = times[0] as number;
  let newest = times.at(-1) as number;
  if (from === newest) [from, newest] = [from - 1_000, newest + 1_000];
  const to = Math.max(newest, shownUntil(series));
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  const take = (value: number) => {
    if (value < low) low = value;
    if (value > high) high = value;
  };
  for (const value of values) take(value);
  for (const value of more) take(value);
  for (const { peak_at, peak_value } of anomalies)
    if (peak_at >= from && peak_at <= to) take(peak_value);
  const room = high > low ? (high - low) * 0.06 : Math.max(Math.abs(high) * 0.1, 1e-9);
  [low, high] = [low - room, high + room];
  return {
    from,
    newest,
    to,
    low,
    high,
    x: (time) => clamp(LEFT + ((time - from) / (to - from)) * (RIGHT - LEFT), LEFT, RIGHT),
    y: (value) => clamp(BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP), TOP, BOTTOM),
  };
}

/** Alignment that keeps a label within the chart. */
const anchorOf = (pixels: number): string =>
  pixels > RIGHT - LABEL_ROOM ? "end" : pixels < LABEL_ROOM ? "start" : "middle";

/** Straight lines between points. */
const pathOf = (points: Curve, { x, y }: Scale): string =>
  points
    .map(([time, value], i) => `${i === 0 ? "M" : "L"}${place(x(time))} ${place(y(value))}`)
    .join("");

const place = (pixels: number): number => Math.round(pixels * 100) / 100;

function band({ opened_at, closed_at, peak_value }: ReportedAnomaly, scale: Scale) {
  const { x, from, newest, to } = scale;
  const end = closed_at ?? newest;
  if (end < from || opened_at > to) return undefined;
  const left = x(opened_at);
  const width = Math.max(LEAST_BAND, x(end) - left);
  const until = closed_at === null ? "open" : showTime(closed_at);
  return html`<rect class="anomaly" x="${place(left)}" y="${TOP}" width="${place(width)}" height="${BOTTOM - TOP}"><title>anomaly ${showTime(opened_at)} – ${until}, peak ${showNumber(peak_value)}</title></rect>
`;
}
