/** How a series of a plot is drawn. "bars" stand on 0; "steps" hold each value until the next. */
type Mark = "line" | "points" | "bars" | "steps" | "dashed";

interface PlotSeries {
  /** Stands in the legend; without it the series is not in there. */
  name?: string;
  mark: Mark;
  /** Places and values, in the order in which they are drawn. Points that are not finite leave a gap. */
  points: readonly (readonly [x: number, y: number])[];
}

export interface PlotOptions {
  title: string;
  xLabel: string;
  yLabel: string;
  /** Ends of an axis; without them those of the data. */
  xRange?: readonly [number, number];
  yRange?: readonly [number, number];
  /** Names under the places 0, 1, 2 … instead of numbers. */
  xNames?: readonly string[];
  series: readonly PlotSeries[];
}

const WIDTH = 720;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 60;
const TICKS = 6;
/** Colours that people with colour blindness tell apart. Source: Okabe and Ito (2008). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/**
 * A plot as SVG text: lines, points, bars, axes and legend. The same input gives the same bytes.
 *
 * @returns A whole SVG document, 720 × 420.
 */
export function plot(options: PlotOptions): string {
  const { title, xLabel, yLabel, series, xNames } = options;
  const points = series.flatMap((one) =>
    one.points.filter((point) => point.every(Number.isFinite)),
  );
  const withZero = series.some(({ mark }) => mark === "bars") ? [0] : [];
  const x = axis(
    options.xRange ??
      (xNames === undefined ? extent(points.map(([at]) => at)) : [-0.5, xNames.length - 0.5]),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = axis(
    options.yRange ?? extent([...points.map(([, value]) => value), ...withZero]),
    HEIGHT - BOTTOM,
    TOP,
  );
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text((LEFT + WIDTH - RIGHT) / 2, 22, title, "middle", 'font-size="15"'),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, xLabel, "middle"),
    text(
      18,
      (TOP + HEIGHT - BOTTOM) / 2,
      yLabel,
      "middle",
      `transform="rotate(-90 18 ${(TOP + HEIGHT - BOTTOM) / 2})"`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<path d="M${LEFT} ${px(y.at(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/>` +
        text(LEFT - 6, y.at(tick) + 4, shown(tick), "end"),
    ),
    ...(xNames === undefined
      ? x.ticks.map((tick) => text(x.at(tick), HEIGHT - BOTTOM + 18, shown(tick), "middle"))
      : xNames.map((name, i) => text(x.at(i), HEIGHT - BOTTOM + 18, name, "middle"))),
    ...series.map((one, i) => drawn(one, x, y, COLOURS[i % COLOURS.length]!)),
    `<path d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH - RIGHT}" fill="none" stroke="#333"/>`,
    ...legend(series),
    "</svg>",
  ];
  return `${parts.join("\n")}\n`;
}

interface Axis {
  ticks: number[];
  at(value: number): number;
}

function axis([from, to]: readonly [number, number], start: number, end: number): Axis {
  const span = to - from;
  const raw = span / TICKS;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= raw) ?? 10);
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return {
    ticks: Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step),
    at: (value) => start + ((value - from) / span) * (end - start),
  };
}

function extent(values: readonly number[]): readonly [number, number] {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return low < high ? [low, high] : [low - 1, low + 1];
}

function drawn({ mark, points }: PlotSeries, x: Axis, y: Axis, colour: string): string {
  if (mark === "points") {
    return points
      .filter((point) => point.every(Number.isFinite))
      .map(
        ([at, value]) =>
          `<circle cx="${px(x.at(at))}" cy="${px(y.at(value))}" r="3" fill="${colour}"/>`,
      )
      .join("");
  }
  if (mark === "bars") {
    const width = Math.max(1, (WIDTH - LEFT - RIGHT) / points.length - 4);
    return points
      .map(([at, value]) => {
        const top = Math.min(y.at(value), y.at(0));
        const height = Math.abs(y.at(value) - y.at(0));
        return `<rect x="${px(x.at(at) - width / 2)}" y="${px(top)}" width="${px(width)}" height="${px(height)}" fill="${colour}" fill-opacity="0.7"/>`;
      })
      .join("");
  }
  let path = "";
  let pen = false;
  for (const [at, value] of points) {
    if (!Number.isFinite(at) || !Number.isFinite(value)) {
      pen = false;
      continue;
    }
    if (pen && mark === "steps") path += `H${px(x.at(at))}V${px(y.at(value))}`;
    else path += `${pen ? "L" : "M"}${px(x.at(at))} ${px(y.at(value))}`;
    pen = true;
  }
  const dash = mark === "dashed" ? ' stroke-dasharray="6 4"' : "";
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dash}/>`;
}

function legend(series: readonly PlotSeries[]): string[] {
  const named = series.flatMap(({ name }, i) => (name === undefined ? [] : [{ name, i }]));
  return named.map(({ name, i }, row) => {
    const top = TOP + 8 + row * 17;
    return (
      `<rect x="${LEFT + 12}" y="${top}" width="11" height="11" fill="${COLOURS[i % COLOURS.length]}"/>` +
      text(LEFT + 29, top + 10, name, "start")
    );
  });
}

const text = (x: number, y: number, content: string, anchor: string, more = ""): string =>
  `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const px = (x: number): string => String(Math.round(x * 100) / 100);
const shown = (x: number): string => String(Number(x.toPrecision(6)));
