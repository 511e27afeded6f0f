import { h } from "../dom.ts";
import { at, counted, percent, quantity } from "../format.ts";
import { asTable, button, section, table, tag } from "../parts.ts";
import { isBeyond } from "./series-figures.ts";
import type { SeriesModel } from "./series-model.ts";
import { aheadOf, handedOutAt } from "./thresholds.ts";

/** Time ranges that the chart offers. */
const RANGES = [
  { name: "15 min", ms: 900_000 },
  { name: "1 h", ms: 3_600_000 },
  { name: "1 d", ms: 86_400_000 },
  { name: "all", ms: Number.POSITIVE_INFINITY },
] as const;
/** Number of samples in the table below the chart. */
const NEWEST = 20;

/** Section with the place of the chart, its legend, and a table of the newest samples. */
export function chartSection(model: SeriesModel, rangeMs: number): HTMLElement {
  const rate = model.rate;
  const first = model.times[0] ?? 0;
  const sides = (["upper", "lower"] as const).map((side) => ({
    hasBand: model.band(side) !== undefined,
    begins: model.messages(side)[0]?.timestamp,
    moves: aheadOf(model.messages(side).at(-1), model.times.at(-1) ?? 0, Infinity).length > 0,
  }));
  const hasBand = sides.some((side) => side.hasBand);
  return section(
    "samples",
    "Samples",
    h(
      "div",
      { class: "ranges", role: "group", "aria-label": "How far back" },
      RANGES.map(({ name, ms }) =>
        button("range", name, { "data-ms": ms, "aria-pressed": String(ms === rangeMs) }),
      ),
    ),
    h("div", {
      class: "chart",
      "data-keep": true,
      "data-chart": "series",
      role: "img",
      "aria-label": inWords(model),
    }),
    h(
      "ul",
      { class: "legend" },
      h("li", { class: "line" }, "samples"),
      sides.some(({ begins }) => begins !== undefined) && [
        h("li", { class: "dot" }, "sample beyond its threshold"),
        h("li", { class: "threshold" }, "threshold, as it was handed out"),
      ],
      sides.some(({ begins = first }) => begins > first) &&
        h("li", { class: "dotted" }, "the present one, where none was"),
      sides.some(({ moves }) => moves) && h("li", { class: "dashed" }, "expected next"),
      hasBand && h("li", { class: "band" }, "band of the promise"),
      model.anomalies().length > 0 && h("li", { class: "mark" }, "anomaly, with its peak"),
    ),
    hasBand &&
      h(
        "p",
        { class: "note" },
        `The band says how far the threshold could lie higher or lower as a whole and keep its promise on these samples: ${percent(rate)} of them beyond it, give or take half of that. Confidence, ${percent(model.state?.confidence)}, is the learner's probability that the threshold will keep it over the next window as well; it is no interval around the threshold.`,
      ),
    asTable(
      "The newest samples as a table",
      table(
        "Newest samples first",
        [
          { title: "When" },
          { title: "Value", numeric: true },
          { title: "Threshold then", numeric: true },
          { title: "" },
        ],
        newestSamples(model),
      ),
    ),
  );
}

function newestSamples(model: SeriesModel) {
  const { metric } = model.id;
  const times = model.times.slice(-NEWEST);
  const upper = handedOutAt(model.messages("upper"), times);
  const lower = handedOutAt(model.messages("lower"), times);
  const rowOf = (when: number, i: number) => {
    const value = model.values[model.values.length - times.length + i] ?? Number.NaN;
    const low = lower[i] ?? null;
    return {
      key: `${when}`,
      cells: [
        at(when),
        quantity(value, metric),
        h("span", {}, quantity(upper[i], metric), low !== null && ` low ${quantity(low, metric)}`),
        isBeyond(value, upper[i], low) ? tag("beyond", "warn") : "",
      ],
    };
  };
  return times.map(rowOf).reverse();
}

function inWords(model: SeriesModel): string {
  const state = model.state;
  const { metric } = model.id;
  return `${counted(model.times.length, "sample")}, newest ${quantity(state?.last_value, metric)}, threshold ${quantity(state?.threshold, metric)}; tables below have the figures`;
}
