import type { SeriesState } from "@mapek/client";
import type {
  Explanation,
  OutputEvent,
  ParameterName,
  Parameters,
  Transition,
} from "@mapek/core/contract";
import type { GroupRow } from "../../series/group-row.ts";
import type { SystemRow } from "../../series/system-row.ts";
import { ask } from "../api.ts";
import { stateStrip } from "../charts/state-strip.ts";
import { StepChart, type Steps } from "../charts/step-chart.ts";
import { h } from "../dom.ts";
import { explanationView } from "../explanation.ts";
import { at, counted, NONE, number, quantity, seconds, words } from "../format.ts";
import { Later } from "../later.ts";
import type { LiveEvent, Output } from "../live.ts";
import type { Page } from "../page.ts";
import {
  asTable,
  empty,
  figures,
  long,
  section,
  seriesAnchor,
  statePill,
  table,
  time,
} from "../parts.ts";
import { link } from "../router.ts";
import { transitionView } from "../transition.ts";

interface SystemDetails {
  readonly row: SystemRow;
  readonly transitions: readonly Transition[];
  readonly parameters: readonly OutputEvent[];
  readonly explanation: Explanation | null;
  readonly open: readonly SeriesState[];
  readonly groups: readonly GroupRow[];
}

/** The parameters with their units, the most interesting first. */
const PARAMETERS: readonly (readonly [name: ParameterName, unit: string, title: string])[] = [
  ["monitoring_interval", "s", "Monitoring interval"],
  ["execution_parallelism", "", "Execution parallelism"],
  ["learning_rate", "", "Learning rate"],
  ["analysis_depth", "", "Analysis depth, samples"],
  ["planning_lookahead", "s", "Planning lookahead"],
  ["knowledge_retention", "s", "Knowledge retention"],
];
const MOST_KEPT = 500;
/** Delay after an output before open anomalies and the explanation are read again. */
const REREAD_MS = 500;

/** One system: its state and parameters now and over time, the explanation, and open anomalies. */
export class SystemPage implements Page {
  readonly section = "systems";
  readonly title: string;
  readonly watch: Readonly<Record<string, string>>;
  readonly #system: string;
  #details: SystemDetails | undefined;
  #row: SystemRow | undefined;
  #transitions: Transition[] = [];
  #parameters: Parameters[] = [];
  readonly #reread = new Later(() => this.load(), REREAD_MS);
  readonly #charts = new Map<string, StepChart>();

  constructor(system: string) {
    this.#system = system;
    this.title = system;
    this.watch = { watch: "system", system };
  }

  async load(): Promise<void> {
    this.#details = await ask<SystemDetails>("/api/system", { system: this.#system });
    this.#row = this.#details.row;
    this.#transitions = [...this.#details.transitions];
    this.#parameters = this.#details.parameters.map(
      ({ message }) => message as unknown as Parameters,
    );
    const now = this.#row.parameters;
    if (this.#parameters.length === 0 && now !== null) this.#parameters = [now];
  }

  on(event: LiveEvent, data: unknown): void {
    if (event === "system" && data !== null) this.#row = data as SystemRow;
    if (event !== "output") return;
    const { family, message } = data as Output;
    if (family === "transitions") keep(this.#transitions, message as unknown as Transition);
    if (family === "parameters") keep(this.#parameters, message as unknown as Parameters);
    if (family === "transitions" || family === "anomalies") this.#reread.ask();
  }

  view(): HTMLElement {
    const row = this.#row;
    if (row === undefined || this.#details === undefined) return h("div", {});
    const newest = this.#transitions.at(-1);
    return h(
      "div",
      {},
      h("p", { class: "crumbs" }, h("a", { href: link(["systems"]) }, "Systems")),
      h("h1", { tabindex: -1 }, this.#system, " ", statePill(row.state)),
      figures([
        { name: "State changed", value: time(newest?.timestamp) },
        { name: "Open anomalies", value: number(row.open) },
        {
          name: "Series",
          value: h("a", { href: link(["series"], { system: this.#system }) }, number(row.series)),
          note: row.stale > 0 ? `${row.stale} silent` : undefined,
        },
        { name: "Mode", value: row.parameters?.mode ?? "–" },
        {
          name: "Feedback loops",
          value: h("a", { href: link(["loops"], { system: this.#system }) }, "show"),
        },
      ]),
      this.#openAnomalies(),
      row.parameters === null
        ? section(
            "no-reports",
            "State",
            empty(
              `Nobody reports how ${this.#system} does, so it has no state and no parameters of its own: publish to mapek.performance.${this.#system}.`,
            ),
          )
        : [this.#states(), this.#why(newest), this.#parameterCharts()],
    );
  }

  drawn(root: HTMLElement): void {
    for (const place of root.querySelectorAll<HTMLElement>("[data-chart]")) {
      const name = place.dataset.chart as ParameterName;
      const steps = this.#stepsOf(name);
      const chart = this.#charts.get(name);
      if (chart === undefined) this.#charts.set(name, new StepChart(place, steps));
      else chart.update(steps);
    }
  }

  close(): void {
    this.#reread.cancel();
    for (const chart of this.#charts.values()) chart.close();
  }

  #openAnomalies(): HTMLElement {
    const open = this.#details?.open ?? [];
    if (open.length === 0) return section("open", "Open anomalies", empty("None."));
    return section(
      "open",
      "Open anomalies",
      (this.#details?.groups ?? []).map(groupView),
      table(
        "Series with an open anomaly",
        [
          { title: "Series" },
          { title: "Value now", numeric: true },
          { title: "Threshold", numeric: true },
        ],
        open.map((one) => ({
          key: `${one.metric}${JSON.stringify(one.labels)}`,
          cells: [
            seriesAnchor(one),
            quantity(one.last_value, one.metric),
            quantity(one.threshold, one.metric),
          ],
        })),
      ),
    );
  }

  #states(): HTMLElement {
    const transitions = this.#transitions;
    return section(
      "states",
      "State over time",
      stateStrip(transitions, Date.now()),
      transitions.length > 0 &&
        asTable(
          `${counted(transitions.length, "transition")} as a table`,
          table(
            "Transitions, newest first",
            [{ title: "When" }, { title: "From" }, { title: "To" }, { title: "Why" }],
            [...transitions].reverse().map((one) => ({
              key: `${one.count}`,
              cells: [at(one.timestamp), one.from, one.to, one.reason],
            })),
          ),
        ),
    );
  }

  #why(newest: Transition | undefined): HTMLElement {
    const explanation = this.#details?.explanation ?? null;
    return section(
      "why",
      "Why this state",
      newest === undefined
        ? empty("It is healthy, and has been since it was first heard of.")
        : transitionView(newest),
      explanation !== null && explanationView(explanation),
    );
  }

  #parameterCharts(): HTMLElement {
    const newest = this.#parameters.at(-1);
    return section(
      "parameters",
      "Parameters over time",
      newest !== undefined &&
        h("p", { class: "note" }, `Changed last ${at(newest.timestamp)}: ${newest.reason}`),
      h(
        "div",
        { class: "small-charts" },
        PARAMETERS.map(([name, unit, title]) => {
          const value = newest?.[name];
          const shown = value === undefined ? "–" : unit === "s" ? seconds(value) : number(value);
          return h(
            "figure",
            { "data-key": name },
            h("figcaption", {}, h("span", {}, title), h("strong", {}, shown)),
            h("div", {
              "data-keep": true,
              "data-chart": name,
              role: "img",
              "aria-label": `${title} over time, now ${shown}; the table below has the figures`,
            }),
          );
        }),
      ),
      asTable(
        "The same as a table",
        table(
          "Parameters, newest first",
          [
            { title: "When" },
            ...PARAMETERS.map(([name]) => ({ title: words(name), numeric: true })),
            { title: "Why" },
          ],
          [...this.#parameters]
            .reverse()
            .slice(0, 50)
            .map((one) => ({
              key: `${one.timestamp}`,
              cells: [
                at(one.timestamp),
                ...PARAMETERS.map(([name, unit]) =>
                  unit === "s" ? seconds(one[name]) : number(one[name]),
                ),
                one.reason,
              ],
            })),
        ),
      ),
    );
  }

  #stepsOf(name: ParameterName): Steps {
    const [, unit = ""] = PARAMETERS.find(([one]) => one === name) ?? [];
    return {
      times: this.#parameters.map(({ timestamp }) => timestamp),
      values: this.#parameters.map((one) => one[name]),
      now: Math.max(Date.now(), this.#parameters.at(-1)?.timestamp ?? 0),
      unit,
    };
  }
}

/** Adds a live message; ignores one that `load` has read already. */
function keep<T extends { readonly timestamp: number }>(all: T[], one: T): void {
  if ((all.at(-1)?.timestamp ?? 0) >= one.timestamp) return;
  all.push(one);
  if (all.length > MOST_KEPT) all.shift();
}

/** A group of anomalies that opened together: one line, with its anomalies as a table on demand. */
const groupView = ({ id, line, anomalies }: GroupRow): HTMLElement =>
  h(
    "div",
    { class: "group", "data-key": id },
    asTable(
      line,
      table(
        "Anomalies that began together, who began first first",
        [
          { title: "Series" },
          { title: "Opened" },
          { title: "How rare" },
          { title: "Unusual is", wide: true },
        ],
        anomalies.map((one) => ({
          key: `${one.metric}${JSON.stringify(one.labels)}`,
          cells: [seriesAnchor(one), time(one.opened_at), one.rarity ?? NONE, long(one.unusual)],
        })),
      ),
    ),
  );
