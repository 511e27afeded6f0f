import type { SeriesState } from "@mapek/client";
import type {
  Action,
  Anomaly,
  Change,
  Explanation,
  Labels,
  OutputEvent,
  Threshold,
} from "@mapek/core/messages";
import { act, ask } from "../api.ts";
import { SeriesChart } from "../charts/series-chart.ts";
import { h } from "../dom.ts";
import { explanationView } from "../explanation.ts";
import { ago, at, number, percent, quantity, seriesName, unitOf, words } from "../format.ts";
import type { LiveEvent, Output } from "../live.ts";
import type { Page, Shell } from "../page.ts";
import { asTable, button, empty, figures, section, table, tag, time } from "../parts.ts";
import { link } from "../router.ts";
import { figuresSince, type Known, newestOfAnomalies, promiseBand } from "../series-figures.ts";
import {
  excludeDialog,
  isDialog,
  labelDialog,
  missedDialog,
  pinDialog,
  valuesOf,
} from "../series-forms.ts";
import { type RecommendationBody, thresholdReasons } from "../threshold-reasons.ts";
import { ACTION_COLUMNS, actionRow, newestOfEach } from "./loops.ts";
import { conditionOf } from "./series-list.ts";

interface Details {
  readonly state: SeriesState;
  readonly statistics: {
    readonly statistics: Readonly<Record<string, number>> | null;
    readonly trend: { readonly direction: string; readonly slope_per_hour: number };
  } | null;
  readonly recommendation: {
    readonly recommendation: RecommendationBody | null;
    readonly recommendation_lower: RecommendationBody | null;
  } | null;
  readonly thresholds: readonly Threshold[];
  readonly learning: {
    readonly points: number;
    readonly anomalies: number;
    readonly suppressed: Readonly<Record<string, number>>;
    readonly parameters: { readonly exceedance_rate: number };
  } | null;
  readonly explanations: { readonly upper: Explanation | null; readonly lower: Explanation | null };
  readonly history: readonly OutputEvent[];
  readonly actions: readonly Action[];
}

interface Samples {
  readonly timestamps: readonly number[];
  readonly values: readonly number[];
}

const RANGES = [
  { name: "15 min", ms: 900_000 },
  { name: "1 h", ms: 3_600_000 },
  { name: "1 d", ms: 86_400_000 },
  { name: "all", ms: Number.POSITIVE_INFINITY },
] as const;
/** As many as the learner's window holds by default. */
const MOST_SAMPLES = 10_000;
const MOST_ANOMALIES = 20;
const MOST_HISTORY = 1_000;
/** What was decided is read again this long after something was. */
const REREAD_MS = 400;

/** One series: samples, thresholds, anomalies, why, and what a person may do. */
export class SeriesPage implements Page {
  readonly section = "series";
  readonly title: string;
  readonly watch: Readonly<Record<string, string>>;
  readonly #shell: Shell;
  readonly #id: { readonly system: string; readonly metric: string; readonly labels: Labels };
  #details: Details | undefined;
  #state: SeriesState | undefined;
  #times: number[] = [];
  #values: number[] = [];
  #history: Output[] = [];
  #actions: Action[] = [];
  #rangeMs: number = Number.POSITIVE_INFINITY;
  #chart: SeriesChart | undefined;
  #shown = "";
  #reread = 0;
  #dialog: HTMLDialogElement | undefined;

  constructor(shell: Shell, system: string, metric: string, labels: string | null) {
    this.#shell = shell;
    this.#id = { system, metric, labels: labelsIn(labels) };
    this.title = seriesName(metric, this.#id.labels);
    this.watch = { watch: "series", ...this.#query() };
  }

  async load(): Promise<void> {
    const [details, samples] = await Promise.all([
      ask<Details>("/api/series/one", this.#query()),
      ask<Samples | null>("/api/series/samples", this.#query()),
    ]);
    this.#take(details);
    this.#times = [...(samples?.timestamps ?? [])];
    this.#values = [...(samples?.values ?? [])];
  }

  on(event: LiveEvent, data: unknown): void {
    if (event === "series" && data !== null) this.#state = data as SeriesState;
    if (event === "samples") this.#add(data as Samples);
    if (event !== "output") return;
    const output = data as Output;
    if (output.family === "actions") this.#actions.push(output.message as unknown as Action);
    else this.#history = [...this.#history, output].slice(-MOST_HISTORY);
    clearTimeout(this.#reread);
    this.#reread = window.setTimeout(() => void this.#rereadDetails(), REREAD_MS);
  }

  press(action: string, { dataset }: HTMLElement): void {
    if (action === "range") this.#rangeMs = Number(dataset.ms);
    if (isDialog(action)) this.#open(action, dataset.anomaly);
    if (action === "unpin" || action === "freeze" || action === "unfreeze")
      void this.#command({
        command: action,
        ...(dataset.side !== undefined && { side: dataset.side }),
      });
    this.#shell.draw();
  }

  submit(form: HTMLFormElement): void {
    const { propose, threshold, side, ...values } = valuesOf(form);
    if (form.name === "label")
      void this.#label({
        ...values,
        ...(propose !== undefined && threshold !== undefined && { propose: { threshold, side } }),
      });
    if (form.name === "missed") void this.#label({ ...values, verdict: "false_negative" });
    if (form.name === "pin")
      void this.#command({
        command: "pin",
        ...values,
        threshold,
        ...(side !== undefined && { side }),
      });
    if (form.name === "exclude") void this.#command({ command: "exclude", ...values });
    form.closest("dialog")?.close();
  }

  close(): void {
    clearTimeout(this.#reread);
    this.#chart?.close();
    this.#dialog?.remove();
  }

  drawn(root: HTMLElement): void {
    const place = root.querySelector<HTMLElement>("[data-chart=series]");
    if (place === null) return;
    const known = this.#known();
    // Drawn again only for what is new: the page itself is drawn every second.
    const shown = [
      this.#times.length,
      this.#times.at(-1),
      this.#rangeMs,
      this.#history.length,
      this.#state?.threshold,
    ].join();
    if (shown === this.#shown && this.#chart !== undefined) return;
    this.#shown = shown;
    const shownFigures = figuresSince(known, (this.#times.at(-1) ?? 0) - this.#rangeMs);
    if (this.#chart === undefined) this.#chart = new SeriesChart(place, shownFigures);
    else this.#chart.update(shownFigures);
  }

  view(): HTMLElement {
    const state = this.#state;
    if (state === undefined) return h("div", {});
    const { system } = this.#id;
    return h(
      "div",
      {},
      h(
        "p",
        { class: "crumbs" },
        h("a", { href: link(["series"]) }, "Series"),
        " / ",
        h("a", { href: link(["systems", system]) }, system),
      ),
      h("h1", { tabindex: -1 }, this.title, " ", conditionOf(state)),
      this.#now(state),
      this.#controls(state),
      this.#chartPart(),
      this.#anomalies(),
      this.#reasons(),
      this.#moved(),
      this.#statistics(),
    );
  }

  #now(state: SeriesState): HTMLElement {
    const { metric } = this.#id;
    const inForce = this.#inForce("upper");
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
            : h("span", {}, state.pinned ? "pinned, " : "", "set ", time(inForce.timestamp)),
      },
      ...(state.threshold_lower === null
        ? []
        : [{ name: "Lower threshold", value: quantity(state.threshold_lower, metric) }]),
      { name: "Confidence", value: percent(state.confidence), note: "that the promise will hold" },
      { name: "Score", value: state.score.toFixed(2), note: "of the newest sample, 0–1" },
      {
        name: "Sensitivity",
        value: h("span", { id: "sensitivity-now" }, number(state.sensitivity)),
        note: "1 is usual, more alarms more",
      },
      { name: "Trend", value: state.trend, note: this.#slope() },
    ]);
  }

  #slope(): string | undefined {
    const slope = this.#details?.statistics?.trend.slope_per_hour;
    return slope === undefined ? undefined : `${number(slope)} an hour`;
  }

  #controls(state: SeriesState): HTMLElement {
    if (!this.#shell.session.mayAct)
      return h(
        "p",
        { class: "note", id: "read-only" },
        this.#shell.session.readOnly
          ? "This console is read-only: it was started without a token. Set console.token to label, pin, freeze and exclude."
          : "Read-only: enter the console's token to label, pin, freeze and exclude.",
      );
    const lowerPinned = this.#inForce("lower")?.pinned === true;
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

  #chartPart(): HTMLElement {
    const { metric } = this.#id;
    const rate = this.#rate();
    const hasBand = this.#bands().length > 0;
    return section(
      "samples",
      "Samples",
      h(
        "div",
        { class: "ranges", role: "group", "aria-label": "How far back" },
        RANGES.map(({ name, ms }) =>
          button("range", name, { "data-ms": ms, "aria-pressed": String(ms === this.#rangeMs) }),
        ),
      ),
      h("div", {
        class: "chart",
        "data-keep": true,
        "data-chart": "series",
        role: "img",
        "aria-label": this.#inWords(),
      }),
      h(
        "ul",
        { class: "legend" },
        h("li", { class: "line" }, "samples"),
        h("li", { class: "dashed" }, "threshold in force"),
        hasBand && h("li", { class: "band" }, "band of the promise"),
        h("li", { class: "mark" }, "anomaly, with its peak"),
      ),
      hasBand &&
        h(
          "p",
          { class: "note" },
          `The band is where a threshold keeps its promise on the samples of this window: ${percent(rate)} of them beyond it, give or take half of that. Confidence, ${percent(this.#state?.confidence)}, is the learner's probability that the threshold will keep it over the next window as well; it is no interval around the threshold.`,
        ),
      asTable(
        "The newest samples as a table",
        table(
          "Newest samples first",
          [{ title: "When" }, { title: "Value", numeric: true }],
          this.#times
            .slice(-20)
            .reverse()
            .map((when, i) => ({
              key: `${when}`,
              cells: [at(when), quantity(this.#values[this.#values.length - 1 - i], metric)],
            })),
        ),
      ),
    );
  }

  #inWords(): string {
    const state = this.#state;
    const { metric } = this.#id;
    return `${this.#times.length} samples, newest ${quantity(state?.last_value, metric)}, threshold ${quantity(state?.threshold, metric)}; tables below have the figures`;
  }

  #anomalies(): HTMLElement {
    const { metric } = this.#id;
    const all = this.#known().anomalies.slice(0, MOST_ANOMALIES);
    if (all.length === 0) return section("anomalies", "Anomalies", empty("None that is stored."));
    const mayAct = this.#shell.session.mayAct;
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
          { title: "Score", numeric: true },
          { title: "Unusual was", wide: true },
          ...(mayAct ? [{ title: "Label" }] : []),
        ],
        all.map((one) => ({
          key: one.anomaly_id,
          kind: one.closed_at === null ? "open" : undefined,
          cells: [
            time(one.opened_at),
            one.closed_at === null ? tag("open", "bad") : lasted(one),
            quantity(one.peak_value, metric),
            one.expected_low === null
              ? "–"
              : `${number(one.expected_low)} … ${quantity(one.expected_high, metric)}`,
            one.peak_score.toFixed(2),
            (one.families ?? []).map(words).join(", "),
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

  #reasons(): HTMLElement {
    const details = this.#details;
    const upper = this.#inForce("upper");
    const lower = this.#inForce("lower");
    const { metric } = this.#id;
    const explanations = details?.explanations;
    return section(
      "why",
      "Why this threshold",
      thresholdReasons(metric, upper, details?.recommendation?.recommendation ?? null),
      explanations?.upper != null && explanationView(explanations.upper),
      lower !== undefined && [
        h("h3", {}, "The lower one"),
        thresholdReasons(metric, lower, details?.recommendation?.recommendation_lower ?? null),
        explanations?.lower != null && explanationView(explanations.lower),
      ],
      this.#thresholdTable(),
    );
  }

  #thresholdTable(): HTMLElement | false {
    const changes = this.#of<Threshold>("thresholds");
    if (changes.length === 0) return false;
    const { metric } = this.#id;
    return asTable(
      `${changes.length} changes of the threshold as a table`,
      table(
        "Thresholds, newest first",
        [
          { title: "When" },
          { title: "Threshold", numeric: true },
          { title: "Before", numeric: true },
          { title: "By" },
          { title: "Why", wide: true },
        ],
        [...changes].reverse().map((one) => ({
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
    );
  }

  #moved(): HTMLElement {
    const actions = newestOfEach(this.#actions);
    const changes = this.#of<Change>("changes").slice(-10).reverse();
    return section(
      "moved",
      "What moved it",
      actions.length === 0
        ? empty("No feedback has moved anything of this series.")
        : table(
            "Actions about this series, newest first",
            ACTION_COLUMNS,
            actions.slice(0, 20).map(actionRow),
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

  #statistics(): HTMLElement {
    const found = this.#details?.statistics?.statistics;
    const learning = this.#details?.learning;
    const { metric } = this.#id;
    if (found === null || found === undefined)
      return section("statistics", "Statistics", empty("Too few samples yet."));
    const suppressed = Object.entries(learning?.suppressed ?? {}).filter(([, count]) => count > 0);
    return section(
      "statistics",
      "Statistics of the window",
      figures([
        { name: "samples", value: number(this.#state?.samples) },
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

  #query(): Record<string, string> {
    const { system, metric, labels } = this.#id;
    return { system, metric, labels: JSON.stringify(labels) };
  }

  #take(details: Details): void {
    this.#details = details;
    this.#state = details.state;
    this.#actions = [...details.actions];
    const stored = details.history.map(({ family, message }) => ({
      family,
      message: message as Output["message"],
    }));
    if (stored.length > 0) this.#history = stored;
  }

  async #rereadDetails(): Promise<void> {
    try {
      this.#take(await ask<Details>("/api/series/one", this.#query()));
      this.#shell.draw();
    } catch {
      // What came live is shown; the next output asks again.
    }
  }

  #add({ timestamps, values }: Samples): void {
    const newest = this.#times.at(-1) ?? Number.NEGATIVE_INFINITY;
    timestamps.forEach((when, i) => {
      if (when <= newest) return;
      this.#times.push(when);
      this.#values.push(values[i] ?? Number.NaN);
    });
    const surplus = this.#times.length - MOST_SAMPLES;
    if (surplus <= 0) return;
    this.#times.splice(0, surplus);
    this.#values.splice(0, surplus);
  }

  #of<T>(family: string): T[] {
    return this.#history
      .filter((one) => one.family === family)
      .map(({ message }) => message as unknown as T);
  }

  #inForce(side: "upper" | "lower"): Threshold | undefined {
    return this.#details?.thresholds.find((one) => (one.side ?? "upper") === side);
  }

  #rate(): number {
    return this.#details?.learning?.parameters.exceedance_rate ?? 0.05;
  }

  #bands() {
    const sides = [
      this.#inForce("upper") && ("upper" as const),
      this.#inForce("lower") && ("lower" as const),
    ];
    return sides.flatMap((side) => {
      const band =
        side && this.#inForce(side)?.pinned === false
          ? promiseBand(this.#values, this.#rate(), side)
          : undefined;
      return band === undefined ? [] : [band];
    });
  }

  #known(): Known {
    const changes = this.#of<Threshold>("thresholds");
    const of = (side: "upper" | "lower") => {
      const found = changes.filter((one) => (one.side ?? "upper") === side);
      const now = this.#inForce(side);
      return found.length === 0 && now !== undefined ? [now] : found;
    };
    return {
      times: this.#times,
      values: this.#values,
      upper: of("upper"),
      lower: of("lower"),
      anomalies: newestOfAnomalies(this.#of<Anomaly>("anomalies")),
      bands: this.#bands(),
      unit: unitOf(this.#id.metric),
    };
  }

  #open(name: "label" | "missed" | "pin" | "exclude", anomalyId: string | undefined): void {
    const state = this.#state;
    if (state === undefined) return;
    const newest = state.last_time ?? Date.now();
    const anomaly = this.#known().anomalies.find(({ anomaly_id }) => anomaly_id === anomalyId);
    this.#dialog?.remove();
    if (name === "label" && anomaly === undefined) return;
    const dialog =
      name === "label"
        ? labelDialog(anomaly as Anomaly)
        : name === "missed"
          ? missedDialog(newest)
          : name === "pin"
            ? pinDialog(state)
            : excludeDialog(newest);
    this.#dialog = dialog;
    this.#shell.show(dialog);
  }

  async #label(body: object): Promise<void> {
    try {
      await act("/api/label", this.#shell.session.token, { ...this.#id, ...body });
      this.#shell.say("The label is stored. What it moves is shown under “What moved it”.");
    } catch (error) {
      this.#shell.say((error as Error).message, "bad");
    }
  }

  async #command(body: {
    readonly command: string;
    readonly [field: string]: unknown;
  }): Promise<void> {
    try {
      await act("/api/command", this.#shell.session.token, { ...this.#id, ...body });
      this.#shell.say(`${DONE[body.command] ?? "Done"}.`);
      await this.#rereadDetails();
    } catch (error) {
      this.#shell.say((error as Error).message, "bad");
    }
  }
}

const DONE: Readonly<Record<string, string>> = {
  pin: "The threshold is pinned",
  unpin: "The threshold is free again",
  freeze: "The series learns no more",
  unfreeze: "The series learns again",
  exclude: "That stretch is left out",
};

function lasted({ opened_at, closed_at }: Anomaly): string {
  const ended = ago(opened_at, closed_at ?? opened_at);
  return ended === "just now" ? "moments" : ended.replace(" ago", "");
}

function labelsIn(text: string | null): Labels {
  try {
    return text === null ? {} : (JSON.parse(text) as Labels);
  } catch {
    return {};
  }
}
