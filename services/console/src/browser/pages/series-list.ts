import type { SeriesState } from "@mapek/client";
import { ask } from "../api.ts";
import { h } from "../dom.ts";
import { number, percent, quantity } from "../format.ts";
import type { LiveEvent } from "../live.ts";
import type { Page, Shell } from "../page.ts";
import { button, empty, seriesAnchor, table, tag, time } from "../parts.ts";
import { link } from "../router.ts";

interface List {
  readonly total: number;
  readonly open: number;
  readonly beyond: number;
  readonly offset: number;
  readonly items: readonly SeriesState[];
  readonly groups: readonly {
    readonly id: string;
    readonly system: string;
    readonly line: string;
  }[];
}

const ROWS = 25;
/** Delay after the last key before a search is sent. */
const TYPING_MS = 200;

const COLUMNS = [
  { title: "Series" },
  { title: "System", wide: true },
  { title: "Now" },
  { title: "Value", numeric: true },
  { title: "Threshold", numeric: true },
  { title: "Confidence", numeric: true, wide: true },
  { title: "Score", numeric: true, wide: true },
  { title: "Sensitivity", numeric: true, wide: true },
  { title: "Trend", wide: true },
  { title: "Last sample", wide: true },
];

/** All series, open anomalies first, 25 at a time, live. */
export class SeriesListPage implements Page {
  readonly title = "Series";
  readonly section = "series";
  readonly #shell: Shell;
  readonly #system: string | undefined;
  #search: string;
  #offset: number;
  #list: List = { total: 0, open: 0, beyond: 0, offset: 0, items: [], groups: [] };
  #typing = 0;

  constructor(shell: Shell, query: URLSearchParams) {
    this.#shell = shell;
    this.#system = query.get("system") ?? undefined;
    this.#search = query.get("search") ?? "";
    this.#offset = Math.max(0, Number(query.get("offset")) || 0);
  }

  get watch(): Readonly<Record<string, string>> {
    return { watch: "list", ...this.#query() };
  }

  async load(): Promise<void> {
    this.#list = await ask<List>("/api/series", this.#query());
  }

  on(event: LiveEvent, data: unknown): void {
    const list = data as List;
    if (event === "rows" && list.offset === this.#offset) this.#list = list;
  }

  input(element: HTMLInputElement): void {
    if (element.name !== "search") return;
    this.#search = element.value;
    clearTimeout(this.#typing);
    this.#typing = window.setTimeout(() => this.#move(0), TYPING_MS);
  }

  submit(): void {
    clearTimeout(this.#typing);
    this.#move(0);
  }

  press(action: string): void {
    if (action === "next") this.#move(this.#offset + ROWS);
    if (action === "previous") this.#move(Math.max(0, this.#offset - ROWS));
  }

  close(): void {
    clearTimeout(this.#typing);
  }

  view(): HTMLElement {
    const { total, open, beyond, items, groups } = this.#list;
    return h(
      "div",
      {},
      h(
        "h1",
        { tabindex: -1 },
        "Series",
        this.#system !== undefined && [
          " of ",
          h("a", { href: link(["systems", this.#system]) }, this.#system),
        ],
      ),
      h(
        "form",
        { class: "search", role: "search" },
        h("label", { for: "search" }, "Search by name, system or label"),
        h("input", {
          id: "search",
          name: "search",
          type: "search",
          value: this.#search,
          autocomplete: "off",
          spellcheck: "false",
        }),
      ),
      h(
        "p",
        { class: "lead", role: "status", "aria-live": "polite" },
        `${number(total)} series${this.#system === undefined ? "" : ` in ${this.#system}`}, ${number(open)} with an open anomaly, ${number(beyond)} beyond ${beyond === 1 ? "its" : "their"} threshold now.`,
      ),
      groups.length > 0 &&
        h(
          "ul",
          { class: "groups", "aria-label": "Anomalies that began together" },
          groups.map(({ id, system, line }) =>
            h("li", { "data-key": id }, h("a", { href: link(["systems", system]) }, line)),
          ),
        ),
      items.length === 0
        ? empty("No series fits.")
        : table("Series: open anomalies first, then by score", COLUMNS, items.map(rowOf)),
      total > ROWS && this.#pager(),
    );
  }

  #pager(): HTMLElement {
    const { total, items } = this.#list;
    const first = this.#offset + 1;
    return h(
      "nav",
      { class: "pager", "aria-label": "Pages of the list" },
      button("previous", "Previous", { disabled: this.#offset === 0 }),
      h("span", {}, `${number(first)}–${number(first + items.length - 1)} of ${number(total)}`),
      button("next", "Next", { disabled: this.#offset + ROWS >= total }),
    );
  }

  #move(offset: number): void {
    this.#offset = offset;
    history.replaceState(
      null,
      "",
      link(["series"], {
        ...this.#query(),
        limit: undefined,
        offset: offset === 0 ? undefined : String(offset),
      }),
    );
    this.#shell.watch(this.watch);
    void this.load().then(
      () => this.#shell.draw(),
      (error: Error) => this.#shell.say(error.message, "bad"),
    );
  }

  #query(): Record<string, string> {
    return {
      ...(this.#system !== undefined && { system: this.#system }),
      ...(this.#search.trim() !== "" && { search: this.#search.trim() }),
      offset: String(this.#offset),
      limit: String(ROWS),
    };
  }
}

function rowOf(one: SeriesState) {
  return {
    key: `${one.system}/${one.metric}${JSON.stringify(one.labels)}`,
    kind: one.open_anomaly === null ? undefined : "open",
    cells: [
      h("span", {}, seriesAnchor(one), h("small", { class: "narrow" }, one.system)),
      h("a", { href: link(["systems", one.system]) }, one.system),
      conditionOf(one),
      quantity(one.last_value, one.metric),
      h(
        "span",
        {},
        thresholdOf(one),
        one.threshold_lower !== null &&
          h("small", {}, ` low ${quantity(one.threshold_lower, one.metric)}`),
      ),
      percent(one.confidence),
      one.score.toFixed(2),
      number(one.sensitivity),
      one.trend,
      time(one.last_time),
    ],
  };
}

/** Tags of a series' present condition. A value beyond the threshold is tagged even without an open anomaly. */
export function conditionOf(one: SeriesState): HTMLElement {
  const { open_anomaly, stale, beyond, frozen, pinned } = one;
  const isBeyond = beyond && !stale;
  return h(
    "span",
    { class: "tags" },
    open_anomaly !== null && tag("anomaly", "bad"),
    open_anomaly === null && stale && tag("silent", "warn"),
    isBeyond && tag(sideBeyond(one), "warn"),
    open_anomaly === null && !stale && !isBeyond && tag("usual", "good"),
    pinned && tag("pinned", "info"),
    frozen && tag("frozen", "info"),
  );
}

const sideBeyond = ({ last_value, threshold }: SeriesState): string =>
  (last_value ?? 0) > (threshold ?? Number.POSITIVE_INFINITY)
    ? "above threshold"
    : "below threshold";

function thresholdOf({ threshold, recommendation, metric }: SeriesState): string {
  if (threshold !== null) return quantity(threshold, metric);
  return recommendation === null ? "learning" : `~${quantity(recommendation, metric)}`;
}
