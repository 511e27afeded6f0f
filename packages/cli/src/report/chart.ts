import { showNumber, showTime } from "../output.ts";
import { numberTicks, timeTicks } from "./axis.ts";
import { html, type Markup } from "./html.ts";
import type { ReportedAnomaly, ReportedSeries } from "./report-data.ts";
import { thinLine } from "./thin-line.ts";

const WIDTH = 1_000;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 990;
const TOP = 12;
const BOTTOM = 290;
/** Narrower anomalies would not be seen. */
const LEAST_BAND = 3;
/** Half of what the widest label of a time takes. */
const LABEL_ROOM = 36;
/** More bands than this say nothing. */
const MOST_BANDS = 1_000;

interface Scale {
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
}

/** A drawing of a series: samples, thresholds, anomalies and changes. Undefined where there are no samples. */
export function chartOf(series: ReportedSeries): Markup | undefined {
  const { times, values, name, anomalies, changes } = series;
  if (times.length === 0) return undefined;
  const lines = thresholdLines(series);
  const scale = scaleOf(
    series,
    lines.map(({ value }) => value),
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
)}${anomalies.slice(-MOST_BANDS).map((anomaly) => band(anomaly, scale))}${changes.map(
  ({ since, kind, reasoning }) =>
    since < scale.from || since > scale.to
      ? undefined
      : html`<line class="change" y1="${TOP}" y2="${BOTTOM}" x1="${place(x(since))}" x2="${place(x(since))}"><title>${showTime(since)} ${kind.replace("_", " ")}: ${reasoning}</title></line>
`,
)}<path class="samples" d="${thinLine(times, values, x, y)}"/>
${lines.map(
  ({
    from,
    to,
    value,
    title,
    isInForce,
  }) => html`<line class="threshold${isInForce ? "" : " proposed"}" x1="${place(x(from))}" x2="${place(x(to))}" y1="${place(y(value))}" y2="${place(y(value))}"><title>${title}</title></line>
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

function scaleOf({ times, values, anomalies }: ReportedSeries, more: readonly number[]): Scale {
  let from = times[0] as number;
  let to = times.at(-1) as number;
  if (from === to) [from, to] = [from - 1_000, to + 1_000];
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
    to,
    low,
    high,
    x: (time) => confined(LEFT + ((time - from) / (to - from)) * (RIGHT - LEFT), LEFT, RIGHT),
    y: (value) => confined(BOTTOM - ((value - low) / (high - low)) * (BOTTOM - TOP), TOP, BOTTOM),
  };
}

/** A label stays within the drawing. */
const anchorOf = (pixels: number): string =>
  pixels > RIGHT - LABEL_ROOM ? "end" : pixels < LABEL_ROOM ? "start" : "middle";

const confined = (pixels: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, pixels));
const place = (pixels: number): number => Math.round(pixels * 100) / 100;

function band({ opened_at, closed_at, peak_value }: ReportedAnomaly, { x, from, to }: Scale) {
  const end = closed_at ?? to;
  if (end < from || opened_at > to) return undefined;
  const left = x(opened_at);
  const width = Math.max(LEAST_BAND, x(end) - left);
  const until = closed_at === null ? "open" : showTime(closed_at);
  return html`<rect class="anomaly" x="${place(left)}" y="${TOP}" width="${place(width)}" height="${BOTTOM - TOP}"><title>anomaly ${showTime(opened_at)} – ${until}, peak ${showNumber(peak_value)}</title></rect>
`;
}

interface Line {
  readonly from: number;
  readonly to: number;
  readonly value: number;
  readonly title: string;
  readonly isInForce: boolean;
}

/** The thresholds that were in force, each until the next of its side; where none ever was, the one that is recommended. */
function thresholdLines({ times, thresholds, recommendation }: ReportedSeries): Line[] {
  const from = times[0] as number;
  const to = times.at(-1) as number;
  if (thresholds.length === 0 && recommendation !== null) {
    const value = recommendation.recommended_value;
    return [{ from, to, value, title: `recommended: ${showNumber(value)}`, isInForce: false }];
  }
  return (["upper", "lower"] as const).flatMap((side) => {
    const own = thresholds.filter((one) => one.side === side);
    return own.flatMap(({ threshold, timestamp, source, reasoning }, i) => {
      const next = own[i + 1];
      // The newest holds for what comes, and is shown where it came after the newest sample, too.
      const isLater = timestamp > to;
      if (next === undefined ? false : isLater || next.timestamp < from) return [];
      return [
        {
          from: isLater ? from : Math.max(timestamp, from),
          to: Math.min(next?.timestamp ?? to, to),
          value: threshold,
          title: `${side} threshold ${showNumber(threshold)} since ${showTime(timestamp)} (${source}): ${reasoning}`,
          isInForce: !isLater,
        },
      ];
    });
  });
}
