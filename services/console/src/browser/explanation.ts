import type { Explanation, ExplanationLink } from "@mapek/core/messages";
import { type Child, h } from "./dom.ts";
import { at, number, words } from "./format.ts";
import { asTable, figures, table } from "./parts.ts";

/** The rule that decided with what went in, the chain that led there, and what has changed since. */
export const explanationView = ({ rule, inputs, causes, since }: Explanation): HTMLElement =>
  h(
    "div",
    { class: "explanation" },
    h("p", { class: "reason" }, rule),
    inputs.length > 0 &&
      asTable(
        `What went in: ${inputs.length} figures`,
        figures(
          inputs.map(({ name, value, unit }) => ({ name: words(name), value: shown(value, unit) })),
        ),
      ),
    causes.length > 0 && steps(`What led there, ${causes.length} steps`, causes, true),
    since.length > 0 && steps(`What has changed since, ${since.length} things`, since, false),
  );

function shown(value: number | string | boolean | null, unit = ""): Child {
  const text = typeof value === "number" ? number(value) : value === null ? "–" : String(value);
  return `${text} ${unit}`.trim();
}

/** Few are shown at once, many on demand. */
const FEW = 6;

function steps(caption: string, all: readonly ExplanationLink[], open: boolean): HTMLElement {
  const columns = [
    { title: "When" },
    { title: "What" },
    { title: "Text" },
    { title: "Number in the log", numeric: true, wide: true },
  ];
  const rows = all.map(({ seq, timestamp, family, text }) => ({
    key: `${seq}`,
    cells: [at(timestamp), words(family), h("span", { class: "wrap" }, text), String(seq)],
  }));
  return asTable(caption, table(caption, columns, rows), open && all.length <= FEW);
}
