import type { Action } from "@mapek/core/contract";
import { h } from "./dom.ts";
import { number, words } from "./format.ts";
import { long, tag, time } from "./parts.ts";

/** Columns of a table of actions. */
export const ACTION_COLUMNS = [
  { title: "When" },
  { title: "Loop", wide: true },
  { title: "What" },
  { title: "From", numeric: true },
  { title: "To", numeric: true },
  { title: "Came of it" },
  { title: "Why", wide: true },
];

/** An action as a row of a table with {@link ACTION_COLUMNS}. */
export function actionRow(action: Action) {
  const { target, system } = action;
  return {
    key: action.action_id,
    cells: [
      time(action.timestamp),
      words(action.loop),
      h("span", {}, words(target.setting), h("small", {}, target.series ?? `all of ${system}`)),
      settingOf(action.from),
      settingOf(action.to),
      outcomeOf(action),
      long(action.reason),
    ],
  };
}

const settingOf = (value: Action["from"]): string =>
  typeof value === "string" ? value : number(value);

function outcomeOf({ status, helped, objective }: Action): HTMLElement {
  const measured =
    objective?.after !== null && objective?.after !== undefined
      ? h(
          "small",
          {},
          `${words(objective.name)} ${number(objective.before)} → ${number(objective.after)}${objective.expected === undefined ? "" : `, without it ${number(objective.expected)}`}`,
        )
      : null;
  const verdict =
    status === "rolled_back"
      ? tag("rolled back", "bad")
      : status === "refused"
        ? tag("refused", "warn")
        : helped === true
          ? tag("helped", "good")
          : status === "judged"
            ? tag(helped === null ? "not judged" : "did not help", "warn")
            : tag("applied", "info");
  return h("span", {}, verdict, measured);
}

/** The newest message of each action, the newest action first. */
export function newestOfEach(actions: readonly Action[]): Action[] {
  const newest = new Map<string, Action>();
  for (const action of actions) {
    newest.delete(action.action_id);
    newest.set(action.action_id, action);
  }
  return [...newest.values()].reverse();
}
