import type { Recommendation, Threshold } from "@mapek/core/contract";
import { h } from "../dom.ts";
import { number, percent, quantity, words } from "../format.ts";
import { asTable, empty, figures, table, tag, time } from "../parts.ts";
import { nextHours } from "./thresholds.ts";

type Strategy = Recommendation["strategy"];

/** What the learner proposes now, without the series that it is about. */
export type RecommendationBody = Pick<
  Recommendation,
  | "recommended_value"
  | "confidence"
  | "strategy"
  | "reasoning"
  | "candidates"
  | "supporting_data"
  | "provisional"
>;

const STRATEGIES: Readonly<Record<Strategy, string>> = {
  percentile: "a quantile of the window",
  sigma: "mean and deviation",
  iqr: "quartiles, for skewed values",
  adaptive: "follows drift and season online",
};

/** Supporting figures that are shares, shown as percent. */
const SHARES = /_rate$|_share$|^seasonality$|^normality$/;
/** Supporting figures in the unit of the values. */
const IN_UNIT = /^(mean|std_dev|median|min_value|max_value|p\d+)$/;

interface Reasons {
  readonly metric: string;
  readonly inForce: Threshold | undefined;
  /** Time of the last decision, ms; `inForce` may be a later redraw of the same decision. */
  readonly decidedAt: number | undefined;
  /** Time of the newest sample, ms. */
  readonly newest: number;
  readonly recommendation: RecommendationBody | null;
}

/** Source and reason of the threshold in force, the strategies' candidates, and the data behind the recommendation. */
export function thresholdReasons(about: Reasons): HTMLElement {
  const { metric, inForce, decidedAt, newest, recommendation } = about;
  const coming = inForce && nextHours(inForce, newest, metric);
  return h(
    "div",
    { class: "why" },
    inForce === undefined
      ? empty("No threshold is in force yet: the learner needs more samples to be sure of one.")
      : [
          h(
            "p",
            { class: "change" },
            h("strong", { class: "big" }, quantity(inForce.threshold, metric)),
            tag(inForce.strategy, "info"),
            tag(`by ${inForce.source}`),
            inForce.pinned && tag("pinned", "info"),
            coming !== undefined && tag("follows the day", "info"),
            h("span", { class: "quiet" }, time(decidedAt ?? inForce.timestamp)),
          ),
          coming !== undefined && h("p", { class: "note" }, `Expected: ${coming}.`),
          h("p", { class: "reason" }, inForce.reasoning),
        ],
    recommendation !== null && candidatesOf(metric, recommendation),
  );
}

function candidatesOf(metric: string, made: RecommendationBody): HTMLElement {
  const data = made.supporting_data;
  return h(
    "div",
    {},
    h("h3", {}, "What would be recommended now"),
    h(
      "p",
      { class: "reason" },
      made.reasoning,
      made.provisional && " Provisional: there are few samples.",
    ),
    table(
      "Candidates",
      [
        { title: "Strategy" },
        { title: "Candidate", numeric: true },
        { title: "Loss in the backtest", numeric: true },
        { title: "" },
      ],
      (Object.entries(made.candidates) as [Strategy, number][]).map(([name, value]) => ({
        key: name,
        kind: name === made.strategy ? "chosen" : undefined,
        cells: [
          h("span", {}, name, h("small", {}, STRATEGIES[name])),
          quantity(value, metric),
          number(data[`loss_${name}`] as number | undefined),
          name === made.strategy
            ? tag(`chosen, confidence ${percent(made.confidence)}`, "good")
            : "",
        ],
      })),
    ),
    asTable(
      "The figures that it rests on",
      figures(
        Object.entries(data)
          .filter(([name]) => !name.startsWith("loss_"))
          .map(([name, value]) => ({ name: words(name), value: shown(name, value, metric) })),
      ),
    ),
  );
}

function shown(name: string, value: number | string | null, metric: string): string {
  if (typeof value !== "number") return value ?? "–";
  if (SHARES.test(name)) return percent(value);
  return IN_UNIT.test(name) ? quantity(value, metric) : number(value);
}
