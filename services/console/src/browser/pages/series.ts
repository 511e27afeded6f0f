import type { Labels } from "@mapek/core/contract";
import { act, ask } from "../api.ts";
import { SeriesChart } from "../charts/series-chart.ts";
import { h } from "../dom.ts";
import { seriesName } from "../format.ts";
import { Later } from "../later.ts";
import type { LiveEvent, Output } from "../live.ts";
import type { Page, Shell } from "../page.ts";
import { link } from "../router.ts";
import { figuresSince } from "../series/series-figures.ts";
import {
  type DialogName,
  excludeDialog,
  isDialog,
  labelDialog,
  missedDialog,
  pinDialog,
  valuesOf,
} from "../series/series-forms.ts";
import { type Details, type Samples, SeriesModel } from "../series/series-model.ts";
import { anomalySection, controls, nowSection } from "../series/series-now.ts";
import { movedSection, reasonSection, statisticsSection } from "../series/series-reasons.ts";
import { chartSection } from "../series/series-samples.ts";
import { conditionOf } from "./series-list.ts";

/** Delay after an output before the details are read again. */
const REREAD_MS = 400;

/** One series: samples, thresholds, anomalies, explanations and an operator's actions. */
export class SeriesPage implements Page {
  readonly section = "series";
  readonly title: string;
  readonly watch: Readonly<Record<string, string>>;
  readonly #shell: Shell;
  readonly #model: SeriesModel;
  readonly #query: Readonly<Record<string, string>>;
  readonly #reread = new Later(() => this.#rereadDetails(), REREAD_MS);
  #rangeMs: number = Number.POSITIVE_INFINITY;
  #chart: SeriesChart | undefined;
  #shown = "";

  constructor(shell: Shell, system: string, metric: string, labelsText: string | null) {
    const labels = labelsIn(labelsText);
    this.#shell = shell;
    this.#model = new SeriesModel({ system, metric, labels });
    this.#query = { system, metric, labels: JSON.stringify(labels) };
    this.title = seriesName(metric, labels);
    this.watch = { watch: "series", ...this.#query };
  }

  async load(): Promise<void> {
    const [details, samples] = await Promise.all([
      ask<Details>("/api/series/one", this.#query),
      ask<Samples | null>("/api/series/samples", this.#query),
    ]);
    this.#model.take(details);
    this.#model.takeAll(samples ?? { timestamps: [], values: [] });
  }

  on(event: LiveEvent, data: unknown): void {
    if (event === "series" && data !== null) this.#model.state = data as SeriesModel["state"];
    if (event === "samples") this.#model.add(data as Samples);
    if (event !== "output") return;
    this.#model.hear(data as Output);
    this.#reread.ask();
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
    const given = {
      ...(side !== undefined && { side }),
      ...(threshold !== undefined && { threshold }),
    };
    if (form.name === "label")
      void this.#label({
        ...values,
        ...(propose !== undefined && threshold !== undefined && { propose: given }),
      });
    if (form.name === "missed") void this.#label({ ...values, verdict: "false_negative" });
    if (form.name === "pin") void this.#command({ command: "pin", ...values, ...given });
    if (form.name === "exclude") void this.#command({ command: "exclude", ...values });
    form.closest("dialog")?.close();
  }

  close(): void {
    this.#reread.cancel();
    this.#chart?.close();
  }

  drawn(root: HTMLElement): void {
    const place = root.querySelector<HTMLElement>("[data-chart=series]");
    // The page is redrawn every second, the chart only for new data or another range.
    const shown = `${this.#model.revision} ${this.#rangeMs}`;
    if (place === null || (shown === this.#shown && this.#chart !== undefined)) return;
    this.#shown = shown;
    const newest = this.#model.times.at(-1) ?? 0;
    const figures = figuresSince(this.#model.known(), newest - this.#rangeMs);
    if (this.#chart === undefined) this.#chart = new SeriesChart(place, figures);
    else this.#chart.update(figures);
  }

  view(): HTMLElement {
    const { state, id } = this.#model;
    if (state === undefined) return h("div", {});
    const { session } = this.#shell;
    return h(
      "div",
      {},
      h(
        "p",
        { class: "crumbs" },
        h("a", { href: link(["series"]) }, "Series"),
        " / ",
        h("a", { href: link(["systems", id.system]) }, id.system),
      ),
      h("h1", { tabindex: -1 }, this.title, " ", conditionOf(state)),
      nowSection(this.#model, state),
      controls(this.#model, state, session),
      chartSection(this.#model, this.#rangeMs),
      anomalySection(this.#model, session),
      reasonSection(this.#model),
      movedSection(this.#model),
      statisticsSection(this.#model),
    );
  }

  async #rereadDetails(): Promise<void> {
    this.#model.take(await ask<Details>("/api/series/one", this.#query));
    this.#shell.draw();
  }

  #open(name: DialogName, anomalyId: string | undefined): void {
    const { state } = this.#model;
    if (state === undefined) return;
    const newest = state.last_time ?? Date.now();
    const anomaly = this.#model.anomalies().find(({ anomaly_id }) => anomaly_id === anomalyId);
    switch (name) {
      case "label":
        if (anomaly !== undefined) this.#shell.show(labelDialog(anomaly));
        return;
      case "missed":
        this.#shell.show(missedDialog(newest));
        return;
      case "pin":
        this.#shell.show(pinDialog(state));
        return;
      case "exclude":
        this.#shell.show(excludeDialog(newest));
    }
  }

  async #label(body: object): Promise<void> {
    try {
      await act("/api/label", this.#shell.session.token, { ...this.#model.id, ...body });
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
      await act("/api/command", this.#shell.session.token, { ...this.#model.id, ...body });
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

function labelsIn(text: string | null): Labels {
  try {
    return text === null ? {} : (JSON.parse(text) as Labels);
  } catch {
    return {};
  }
}
