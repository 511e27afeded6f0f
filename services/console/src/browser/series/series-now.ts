import type { SeriesState } from "@mapek/client";
import {
  BUDGET_ADVICE,
  endingText,
  evidenceTexts,
  rarityOf,
  rarityText,
} from "@mapek/core/anomaly-words";
import type { Anomaly } from "@mapek/core/contract";
import { h } from "../dom.ts";
import { ago, at, NONE, number, percent, quantity } from "../format.ts";
import { button, empty, figures, long, section, table, tag, time } from "../parts.ts";
import type { Session } from "../session.ts";
import type { SeriesModel } from "./series-model.ts";

const MOST_ANOMALIES = 20;

/** Present figures of a series. */
export function nowSection(model: SeriesModel, state: SeriesState): HTMLElement {
  const { metric } = model.id;
  const inForce = model.inForce("upper");
  const decision = model.decision("upper");
  return figures([
    {
      name: "Value",
      value: h("span", { id: "value-now" }, quantity(state.last_value, metric)),
      note: time(state.last_time),
    },
    {
      name: "Threshold",
      value: h("span", { id: "threshold-now" }, quantity(state.threshold, metric)),
      note:
        inForce === undefined
          ? state.recommendation === null
            ? "learning"
            : `recommended ${quantity(state.recommendation, metric)}`
          : h(
              "span",
              {},
              state.pinned && "pinned, ",
              inForce.schedule !== undefined && "follows the day, ",
              "set ",
              time(decision?.timestamp ?? inForce.timestamp),
            ),
    },
    ...(state.threshold_lower === null
      ? []
      : [{ name: "Lower threshold", value: quantity(state.threshold_lower, metric) }]),
    { name: "Confidence", value: percent(state.confidence), note: "that the promise will hold" },
    { name: "Score", value: state.score.toFixed(2), note: "share of hours that hold less" },
    {
      name: "Sensitivity",
      value: h("span", { id: "sensitivity-now" }, number(state.sensitivity)),
      note: "1 is usual, more alarms more",
    },
    ...budgetFigure(state),
    { name: "Trend", value: state.trend, note: slopeOf(model) },
  ]);
}

/** The share of the alarm budget spent; learners of earlier releases do not report it. */
function budgetFigure({ alarm_budget_spent: spent, alarm_budget_broken }: SeriesState) {
  if (spent === undefined) return [];
  return [
    {
      name: "Alarm budget spent",
      value: h("span", { id: "budget-now" }, number(Number(spent.toPrecision(2)))),
      note: alarm_budget_broken
        ? `not kept: ${BUDGET_ADVICE}`
        : "in 14 days, 1 is what was promised",
    },
  ];
}

function slopeOf(model: SeriesModel): string | undefined {
  const slope = model.details?.statistics?.trend.slope_per_hour;
  return slope === undefined ? undefined : `${quantity(slope, model.id.metric)} an hour`;
}

/** Buttons of the actions that a person may take, or the reason why none. */
export function controls(model: SeriesModel, state: SeriesState, session: Session): HTMLElement {
  if (!session.mayAct)
    return h(
      "p",
      { class: "note", id: "read-only" },
      session.readOnly
        ? "This console is read-only: it was started without a token. Set console.token to label, pin, freeze and exclude."
        : "Read-only: enter the console's token to label, pin, freeze and exclude.",
    );
  const lowerPinned = model.inForce("lower")?.pinned === true;
  return h(
    "div",
    { class: "controls", role: "group", "aria-label": "What you may do" },
    state.pinned ? button("unpin", "Unpin the threshold") : button("pin", "Pin the threshold …"),
    lowerPinned && button("unpin", "Unpin the lower one", { "data-side": "lower" }),
    state.frozen ? button("unfreeze", "Learn on") : button("freeze", "Freeze learning"),
    button("exclude", "Exclude a stretch …"),
    button("missed", "Report a missed anomaly …"),
  );
}

/** The newest anomalies; with the token each can be labelled. */
export function anomalySection(model: SeriesModel, session: Session): HTMLElement {
  const { metric } = model.id;
  const all = model.anomalies().slice(0, MOST_ANOMALIES);
  if (all.length === 0) return section("anomalies", "Anomalies", empty("None that is stored."));
  const mayAct = session.mayAct;
  return section(
    "anomalies",
    "Anomalies",
    table(
      "Anomalies, newest first",
      [
        { title: "Opened" },
        { title: "Lasted" },
        { title: "Peak", numeric: true },
        { title: "Expected", numeric: true, wide: true },
        { title: "How rare" },
        { title: "Unusual was", wide: true },
        { title: "Ended", wide: true },
        ...(mayAct ? [{ title: "Label" }] : []),
      ],
      all.map((one) => ({
        key: one.anomaly_id,
        kind: one.closed_at === null ? "open" : undefined,
        cells: [
          time(one.opened_at),
          one.closed_at === null ? tag("open", "bad") : lasted(one),
          quantity(one.peak_value, metric),
          expectation(one),
          rarityCell(one),
          long(evidenceTexts(one).join("; ")),
          endingText(one) ?? "–",
          ...(mayAct
            ? [
                button("label", "Label …", {
                  class: "small",
                  "data-anomaly": one.anomaly_id,
                  "aria-label": `Label the anomaly of ${at(one.opened_at)}`,
                }),
              ]
            : []),
        ],
      })),
    ),
  );
}

/** The expected value, with the range of nine hours of ten. */
function expectation({ metric, expected, expected_low, expected_high }: Anomaly): HTMLElement {
  const range =
    expected_low === null ? NONE : `${number(expected_low)} … ${quantity(expected_high, metric)}`;
  return expected === undefined
    ? h("span", {}, range)
    : h("span", {}, quantity(expected, metric), h("small", {}, range));
}

/** The rarity of an anomaly; the score for messages of earlier releases, which have no rarity. */
function rarityCell(one: Anomaly): string {
  const rarity = rarityOf(one);
  return rarity === undefined ? `score ${one.peak_score.toFixed(2)}` : rarityText(rarity);
}

function lasted({ opened_at, closed_at }: Anomaly): string {
  const ended = ago(opened_at, closed_at ?? opened_at);
  return ended === "just now" ? "moments" : ended.replace(" ago", "");
}
