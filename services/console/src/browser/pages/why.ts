import type { SystemRow } from "../../series/system-row.ts";
import { ask } from "../api.ts";
import { h } from "../dom.ts";
import type { LiveEvent } from "../live.ts";
import type { Page } from "../page.ts";
import { empty, statePill } from "../parts.ts";
import { link } from "../router.ts";
import { transitionView } from "../transition.ts";

interface Systems {
  readonly items: readonly SystemRow[];
}

/** Every system's newest transition, with its reason and the numbers that decided. */
export class WhyPage implements Page {
  readonly title = "Why this state";
  readonly section = "why";
  readonly watch = { watch: "systems" };
  #systems: Systems = { items: [] };

  async load(): Promise<void> {
    this.#systems = await ask<Systems>("/api/systems");
  }

  on(event: LiveEvent, data: unknown): void {
    if (event === "systems") this.#systems = data as Systems;
  }

  view(): HTMLElement {
    const moved = this.#systems.items.filter(({ transition }) => transition !== null);
    const still = this.#systems.items.filter(
      ({ state, transition }) => state !== null && transition === null,
    );
    return h(
      "div",
      {},
      h("h1", { tabindex: -1 }, "Why this state"),
      h(
        "p",
        { class: "lead" },
        "The newest change of state of each system, and the means of its last ten reports that decided.",
      ),
      moved.length === 0 && empty("No system has changed its state yet."),
      moved.map(({ system, transition }) =>
        h(
          "section",
          { class: "card", "data-key": system, "aria-labelledby": `why-${system}` },
          h("h2", { id: `why-${system}` }, h("a", { href: link(["systems", system]) }, system)),
          transition !== null && transitionView(transition),
        ),
      ),
      still.length > 0 && [
        h("h2", {}, "Never changed"),
        h(
          "ul",
          { class: "plain" },
          still.map(({ system, state }) =>
            h(
              "li",
              { "data-key": system },
              h("a", { href: link(["systems", system]) }, system),
              " ",
              statePill(state),
            ),
          ),
        ),
      ],
    );
  }
}
