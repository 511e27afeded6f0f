import type { Explanation, ExplanationLink } from "@mapek/core/contract";
import { type Child, h } from "./dom.ts";
import { at, counted, NONE, number, withoutJson, words } from "./format.ts";
import { asTable, figures, table } from "./parts.ts";

/** View of an explanation: the rule that decided, its inputs, the chain of causes, and the changes since. */
export const explanationView = ({ rule, inputs, causes, since }: Explanation): HTMLElement =>
  h(
    "div",
    { class: "explanation" },
    h("p", { class: "reason" }, rule),
    inputs.length > 0 &&
      asTable(
        `What went in: ${counted(inputs.length, "figure")}`,
        figures(
          inputs.map(({ name, value, unit }) => ({ name: words(name), value: shown(value, unit) })),
        ),
      ),
    causes.length > 0 && steps(`What led there, ${counted(causes.length, "step")}`, causes, true),
    since.length > 0 &&
      steps(`What has changed since, ${counted(since.length, "thing")}`, since, false),
  );

function shown(value: number | string | boolean | null, unit = ""): Child {
  if (value === null) return NONE;
  return `${typeof value === "number" ? number(value) : String(value)} ${unit}`.trim();
}

/** Number of causes up to which their table is open at first. */
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
    cells: [
      at(timestamp),
      words(family),
      h("span", { class: "wrap" }, withoutJson(text)),
      String(seq),
    ],
  }));
  return asTable(caption, table(caption, columns, rows), open && all.length <= FEW);
}
