import type { Change, Threshold } from "@mapek/core/contract";
import { ACTION_COLUMNS, actionRow, newestOfEach } from "../actions.ts";
import { h } from "../dom.ts";
import { explanationView } from "../explanation.ts";
import { at, counted, number, quantity, words } from "../format.ts";
import { asTable, empty, figures, section, table, time } from "../parts.ts";
import type { SeriesModel } from "./series-model.ts";
import { type RecommendationBody, thresholdReasons } from "./threshold-reasons.ts";
import { decisionsOf } from "./thresholds.ts";

/** Number of actions and of lasting changes shown. */
const MOST_ACTIONS = 20;
const MOST_CHANGES = 10;

/** Section that explains the thresholds in force. */
export function reasonSection(model: SeriesModel): HTMLElement {
  const details = model.details;
  const explanations = details?.explanations;
  const { metric } = model.id;
  const recommended = details?.recommendation;
  const of = (side: "upper" | "lower", recommendation: RecommendationBody | null | undefined) =>
    thresholdReasons({
      metric,
      inForce: model.inForce(side),
      decidedAt: model.decision(side)?.timestamp,
      newest: model.times.at(-1) ?? 0,
      recommendation: recommendation ?? null,
    });
  return section(
    "why",
    "Why this threshold",
    of("upper", recommended?.recommendation),
    explanations?.upper != null && explanationView(explanations.upper),
    model.inForce("lower") !== undefined && [
      h("h3", {}, "The lower one"),
      of("lower", recommended?.recommendation_lower),
      explanations?.lower != null && explanationView(explanations.lower),
    ],
    thresholdTable(model),
  );
}

/** Table of decisions about thresholds. Redraws between them are only counted here; the chart shows them. */
function thresholdTable(model: SeriesModel): HTMLElement | false {
  const all = model.of<Threshold>("thresholds");
  if (all.length === 0) return false;
  const { metric } = model.id;
  const decisions = (["upper", "lower"] as const)
    .flatMap((side) => decisionsOf(all.filter((one) => (one.side ?? "upper") === side)))
    .sort((a, b) => b.timestamp - a.timestamp);
  const redrawn = all.length - decisions.length;
  return asTable(`${counted(decisions.length, "decision")} about the threshold as a table`, [
    redrawn > 0 &&
      h(
        "p",
        { class: "note" },
        `Between them it was drawn anew ${counted(redrawn, "time")}, as the day went on and more was learned: the chart shows that.`,
      ),
    table(
      "Thresholds, newest first",
      [
        { title: "When" },
        { title: "Threshold then", numeric: true },
        { title: "Before", numeric: true },
        { title: "By" },
        { title: "Why", wide: true },
      ],
      decisions.map((one) => ({
        key: `${one.timestamp} ${one.side} ${one.threshold}`,
        cells: [
          at(one.timestamp),
          h(
            "span",
            {},
            quantity(one.threshold, metric),
            one.side === "lower" && h("small", {}, "lower"),
          ),
          quantity(one.previous, metric),
          one.source,
          one.reasoning,
        ],
      })),
    ),
  ]);
}

/** Section of the actions that feedback took on the series, and of the series' lasting changes. */
export function movedSection(model: SeriesModel): HTMLElement {
  const actions = newestOfEach(model.actions);
  const changes = model.of<Change>("changes").slice(-MOST_CHANGES).reverse();
  return section(
    "moved",
    "What moved it",
    actions.length === 0
      ? empty("No feedback has moved anything of this series.")
      : table(
          "Actions about this series, newest first",
          ACTION_COLUMNS,
          actions.slice(0, MOST_ACTIONS).map(actionRow),
        ),
    changes.length > 0 &&
      table(
        "Lasting changes of the series",
        [
          { title: "Lasting change" },
          { title: "Since" },
          { title: "Before", numeric: true },
          { title: "After", numeric: true },
          { title: "In words", wide: true },
        ],
        changes.map((one) => ({
          key: `${one.kind} ${one.timestamp}`,
          cells: [
            words(one.kind),
            time(one.since),
            quantity(one.before, one.metric),
            quantity(one.after, one.metric),
            one.reasoning,
          ],
        })),
      ),
  );
}

/** Statistics of the window, and counts of suppressed alarms. */
export function statisticsSection(model: SeriesModel): HTMLElement {
  const found = model.details?.statistics?.statistics;
  const learning = model.details?.learning;
  const { metric } = model.id;
  if (found === null || found === undefined)
    return section("statistics", "Statistics", empty("Too few samples yet."));
  const suppressed = Object.entries(learning?.suppressed ?? {}).filter(([, count]) => count > 0);
  return section(
    "statistics",
    "Statistics of the window",
    figures([
      { name: "samples", value: number(model.state?.samples) },
      ...Object.entries(found)
        .filter(([, value]) => typeof value === "number")
        .map(([name, value]) => ({
          name: words(name),
          value: /count|points/.test(name) ? number(value) : quantity(value, metric),
        })),
      { name: "anomalies ever", value: number(learning?.anomalies) },
      ...suppressed.map(([reason, count]) => ({
        name: `no alarm: ${words(reason)}`,
        value: number(count),
      })),
    ]),
  );
}
