import type { Transition } from "@mapek/core/contract";
import { h } from "./dom.ts";
import { number, words } from "./format.ts";
import { figures, statePill, tag, time } from "./parts.ts";

const UNITS: Readonly<Record<string, string>> = {
  cpu_usage: "%",
  memory_usage: "%",
  cycle_latency: "s",
  decisions_per_minute: "/min",
};

/** A change of state with its reason and the means that decided. */
export const transitionView = ({
  from,
  to,
  reason,
  forced,
  performance,
  timestamp,
}: Transition): HTMLElement =>
  h(
    "div",
    { class: "why" },
    h(
      "p",
      { class: "change" },
      statePill(from),
      h("span", { "aria-label": "to" }, "→"),
      statePill(to),
      h("span", { class: "quiet" }, time(timestamp)),
      forced && tag("by an operator", "info"),
    ),
    h("p", { class: "reason" }, reason),
    figures(
      Object.entries(performance).map(([name, value]) => ({
        name: words(name),
        value: `${number(value)} ${UNITS[name] ?? ""}`.trim(),
      })),
    ),
  );
