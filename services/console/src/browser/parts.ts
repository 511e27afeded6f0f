import type { Labels } from "@mapek/core/contract";
import { type Child, h, svg } from "./dom.ts";
import { ago, at, NONE, seriesName } from "./format.ts";
import { seriesLink } from "./router.ts";

/** The name of a state with a colour and a shape: information must not depend on colour alone (WCAG 1.4.1). */
export function statePill(state: string | null): HTMLElement {
  if (state === null) return h("span", { class: "pill none" }, "no reports");
  return h(
    "span",
    { class: `pill ${state}` },
    svg("svg", { viewBox: "0 0 10 10", "aria-hidden": "true" }, shapeOf(state)),
    state,
  );
}

function shapeOf(state: string): SVGElement {
  switch (state) {
    case "critical":
      return svg("path", { d: "M5 0 10 5 5 10 0 5z" });
    case "degraded":
      return svg("path", { d: "M5 .5 10 9.500H0z" });
    case "recovering":
      return svg("path", { d: "M5 9.500 0 .5h10z" });
    case "optimizing":
      return svg("rect", { x: 1, y: 1, width: 8, height: 8 });
    default:
      return svg("circle", { cx: 5, cy: 5, r: 4.5 });
  }
}

/** A short word on a coloured ground. */
export const tag = (text: string, kind = ""): HTMLElement =>
  h("span", { class: `tag ${kind}` }, text);

/** The age of a time, with the exact time as its tooltip. */
export const time = (ms: number | null | undefined): HTMLElement =>
  ms === null || ms === undefined
    ? h("span", {}, NONE)
    : h("time", { datetime: new Date(ms).toISOString(), title: at(ms) }, ago(ms));

/** A part of a page with a heading. */
export const section = (id: string, title: string, ...children: Child[]): HTMLElement =>
  h("section", { "aria-labelledby": id, "data-key": id }, h("h2", { id }, title), children);

export interface Figure {
  readonly name: string;
  readonly value: Child;
  readonly note?: Child;
}

/** Names and values side by side. */
export const figures = (rows: readonly Figure[]): HTMLElement =>
  h(
    "dl",
    { class: "figures" },
    rows.map(({ name, value, note }) =>
      h(
        "div",
        { "data-key": name },
        h("dt", {}, name),
        h("dd", {}, value, note !== undefined && h("small", {}, note)),
      ),
    ),
  );

export interface Column {
  readonly title: string;
  /** Aligns the column to the right. */
  readonly numeric?: boolean;
  /** Not shown on a phone. */
  readonly wide?: boolean;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly Child[];
  readonly kind?: string | undefined;
}

/**
 * A table that scrolls sideways; on a phone each row is shown as a block of named values. The ARIA roles are explicit,
 * because browsers drop a table's own roles where CSS shows its rows as blocks.
 */
export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly Row[],
): HTMLElement {
  const classOf = ({ numeric, wide }: Column) =>
    [numeric && "numeric", wide && "wide"].filter(Boolean).join(" ") || undefined;
  const head = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", class: classOf(column) }, column.title),
  );
  const cellOf = (cell: Child, column: Column, isFirst: boolean) =>
    isFirst
      ? h("th", { scope: "row", role: "rowheader" }, cell)
      : h("td", { role: "cell", class: classOf(column), "data-title": column.title }, cell);
  return h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h(
      "table",
      { role: "table" },
      h("caption", { class: "hidden" }, caption),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
      h(
        "tbody",
        { role: "rowgroup" },
        rows.map(({ key, cells, kind }) =>
          h(
            "tr",
            { role: "row", "data-key": key, class: kind },
            columns.map((column, i) => cellOf(cells[i], column, i === 0)),
          ),
        ),
      ),
    ),
  );
}

/** A text cut after a few lines, shown whole on hover or focus. */
export const long = (text: string): HTMLElement =>
  h("span", { class: "long", tabindex: 0, title: text }, text);

export const empty = (text: string): HTMLElement => h("p", { class: "empty" }, text);

/** Figures behind a summary, closed at first unless `open`. */
export const asTable = (summary: string, inner: Child, open = false): HTMLElement =>
  h("details", { class: "data", open }, h("summary", {}, summary), inner);

export interface NamedSeries {
  readonly system: string;
  readonly metric: string;
  readonly labels: Labels;
}

export const seriesAnchor = (series: NamedSeries): HTMLElement =>
  h("a", { href: seriesLink(series) }, seriesName(series.metric, series.labels));

export const button = (
  action: string,
  text: string,
  attributes: Record<string, string | number | boolean | undefined> = {},
): HTMLElement => h("button", { type: "button", "data-action": action, ...attributes }, text);
