import type { SeriesState } from "@mapek/client";
import type { Anomaly } from "@mapek/core/contract";
import { h } from "../dom.ts";
import { at, quantity, unitOf } from "../format.ts";

const DIALOGS = ["label", "missed", "pin", "exclude"] as const;
/** Actions on a series that have a dialog. */
export type DialogName = (typeof DIALOGS)[number];
export const isDialog = (name: string): name is DialogName =>
  (DIALOGS as readonly string[]).includes(name);

const BUTTONS: Readonly<Record<DialogName, string>> = {
  label: "Send the label",
  missed: "Report it",
  pin: "Pin it",
  exclude: "Exclude it",
};

/** A dialog with one form. */
function dialog(
  name: DialogName,
  title: string,
  ...fields: Parameters<typeof h>[2][]
): HTMLDialogElement {
  return h(
    "dialog",
    { "aria-labelledby": `${name}-title`, class: "form" },
    h(
      "form",
      { name },
      h("h2", { id: `${name}-title` }, title),
      fields,
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", "data-action": "close-dialog" }, "Cancel"),
        h("button", { class: "primary" }, BUTTONS[name]),
      ),
    ),
  ) as HTMLDialogElement;
}

const field = (text: string, name: string, attributes: Record<string, string | number | boolean>) =>
  h("label", {}, text, h("input", { name, ...attributes }));

const choice = (name: string, value: string, text: string, note: string, checked = false) =>
  h(
    "label",
    { class: "choice" },
    h("input", { type: "radio", name, value, checked, required: true }),
    h("span", {}, text, h("small", {}, note)),
  );

/** Dialog that asks whether an alarm was right and, optionally, for a better threshold. */
export function labelDialog(anomaly: Anomaly): HTMLDialogElement {
  const { metric, peak_value, opened_at, direction } = anomaly;
  const side = direction === "below" ? "lower" : "upper";
  return dialog(
    "label",
    "Label this anomaly",
    h("p", { class: "quiet" }, `Opened ${at(opened_at)}, peak ${quantity(peak_value, metric)}.`),
    h(
      "fieldset",
      {},
      h("legend", {}, "It was"),
      choice(
        "verdict",
        "false_positive",
        "a false alarm",
        "Its kind of burst needs more evidence from now on, and the series alarms less readily.",
        true,
      ),
      choice(
        "verdict",
        "true_positive",
        "a true alarm",
        "What false alarms have taught of its kind is taken back in part.",
      ),
    ),
    h(
      "fieldset",
      {},
      h("legend", {}, "Threshold"),
      h(
        "label",
        { class: "choice" },
        h("input", { type: "checkbox", name: "propose" }),
        h(
          "span",
          {},
          "Propose a threshold with it",
          h(
            "small",
            {},
            "The one in force moves toward it by the system's learning rate, unless it is pinned.",
          ),
        ),
      ),
      field(`Proposed${unit(metric)}`, "threshold", {
        type: "number",
        step: "any",
        value: peak_value,
      }),
      h("input", { type: "hidden", name: "side", value: side }),
    ),
    h("input", { type: "hidden", name: "at", value: opened_at }),
  );
}

/** Dialog that reports an anomaly without an alarm. */
export const missedDialog = (newest: number): HTMLDialogElement =>
  dialog(
    "missed",
    "Report a missed anomaly",
    h(
      "p",
      { class: "quiet" },
      "The most unusual from an hour before to three hours after then is looked for: its kind is told from now on. “What moved it” says what came of it.",
    ),
    field("When it began", "at", {
      type: "datetime-local",
      step: 1,
      value: localTime(newest),
      required: true,
    }),
  );

/** Dialog that pins a threshold. */
export const pinDialog = ({
  metric,
  threshold,
  threshold_lower,
  recommendation,
}: SeriesState): HTMLDialogElement =>
  dialog(
    "pin",
    "Pin the threshold",
    h(
      "p",
      { class: "quiet" },
      "Nothing moves it until it is unpinned; what is learned goes on beside it.",
    ),
    threshold_lower !== null &&
      h(
        "fieldset",
        {},
        h("legend", {}, "Which"),
        choice("side", "upper", "upper", "few samples are above it", true),
        choice("side", "lower", "lower", "few samples are below it"),
      ),
    field(`Threshold${unit(metric)}`, "threshold", {
      type: "number",
      step: "any",
      value: threshold ?? recommendation ?? "",
      required: true,
    }),
    field("Why", "reason", { type: "text", maxlength: 512 }),
  );

/** Dialog that excludes a stretch of time from learning. */
export const excludeDialog = (newest: number): HTMLDialogElement =>
  dialog(
    "exclude",
    "Exclude a stretch of time",
    h(
      "p",
      { class: "quiet" },
      "Its samples are neither learned from nor judged: for tests, migrations, what will not come again. Samples that are learned already stay.",
    ),
    field("From", "from", {
      type: "datetime-local",
      step: 1,
      value: localTime(newest),
      required: true,
    }),
    field("To", "to", {
      type: "datetime-local",
      step: 1,
      value: localTime(newest + 3_600_000),
      required: true,
    }),
    field("Why", "reason", { type: "text", maxlength: 512 }),
  );

const unit = (metric: string): string => (unitOf(metric) === "" ? "" : `, ${unitOf(metric)}`);

/** A time in the format of `datetime-local` inputs. */
function localTime(ms: number): string {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** The values of a form, as the console's routes take them: numbers, and times in milliseconds. */
export function valuesOf(form: HTMLFormElement): Record<string, string | number> {
  const values: Record<string, string | number> = {};
  for (const element of form.elements) {
    if (!(element instanceof HTMLInputElement) || element.name === "") continue;
    if ((element.type === "radio" || element.type === "checkbox") && !element.checked) continue;
    const { name, value, type } = element;
    if (value === "") continue;
    if (type === "datetime-local") values[name] = new Date(value).getTime();
    else values[name] = type === "number" || name === "at" ? Number(value) : value;
  }
  return values;
}
