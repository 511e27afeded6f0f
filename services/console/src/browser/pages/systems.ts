import type { SystemRow } from "../../series/system-row.ts";
import { ask } from "../api.ts";
import { h } from "../dom.ts";
import { counted, number, seconds } from "../format.ts";
import type { LiveEvent } from "../live.ts";
import type { Page } from "../page.ts";
import { empty, statePill, table, tag, time } from "../parts.ts";
import { link } from "../router.ts";

interface Systems {
  readonly total: number;
  readonly items: readonly SystemRow[];
}

const COLUMNS = [
  { title: "System" },
  { title: "State" },
  { title: "Since", wide: true },
  { title: "Open anomalies", numeric: true },
  { title: "Series", numeric: true },
  { title: "Looks every", numeric: true, wide: true },
  { title: "In parallel", numeric: true, wide: true },
  { title: "Learning rate", numeric: true, wide: true },
  { title: "Mode", wide: true },
];

/** All systems with their present state. */
export class SystemsPage implements Page {
  readonly title = "Systems";
  readonly section = "systems";
  readonly watch = { watch: "systems" };
  #systems: Systems = { total: 0, items: [] };

  async load(): Promise<void> {
    this.#systems = await ask<Systems>("/api/systems");
  }

  on(event: LiveEvent, data: unknown): void {
    if (event === "systems") this.#systems = data as Systems;
  }

  view(): HTMLElement {
    const { total, items } = this.#systems;
    const open = items.reduce((sum, row) => sum + row.open, 0);
    return h(
      "div",
      {},
      h("h1", { tabindex: -1 }, "Systems"),
      h(
        "p",
        { class: "lead" },
        `${counted(total, "system")}, ${counted(open, "open anomaly", "open anomalies")}.`,
      ),
      items.length === 0
        ? empty(
            "Nothing has been published yet. Publish a number to mapek.metrics.<system>.<metric>, and it is here within a second.",
          )
        : table("Systems, the worst first", COLUMNS, items.map(rowOf)),
      items.length < total &&
        h(
          "p",
          { class: "note" },
          `${counted(total - items.length, "more system is", "more systems are")} not shown: the worst come first.`,
        ),
    );
  }
}

function rowOf({ system, state, since, open, series, stale, parameters }: SystemRow) {
  return {
    key: system,
    cells: [
      h("a", { href: link(["systems", system]) }, system),
      statePill(state),
      time(since),
      open === 0 ? "0" : tag(number(open), "bad"),
      h("span", {}, number(series), stale > 0 && h("small", {}, ` ${stale} silent`)),
      parameters === null ? "–" : seconds(parameters.monitoring_interval),
      parameters === null ? "–" : number(parameters.execution_parallelism),
      parameters === null ? "–" : number(parameters.learning_rate),
      parameters?.mode ?? "–",
    ],
  };
}
