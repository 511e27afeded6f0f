import type { MapekClient, SeriesState } from "@mapek/client";
import type { Action, Parameters } from "@mapek/core/contract";
import { appendBounded } from "@mapek/core/forget-oldest";
import { describeMessage } from "../output/describe-message.ts";
import { showNumber, showSeries, table } from "../output/output.ts";
import type { UpEvent } from "./events.ts";

/** Data of the view. */
export interface ViewModel {
  readonly natsUrl: string;
  readonly http: Readonly<Record<string, string>>;
  readonly series: readonly SeriesState[];
  readonly parameters: readonly Parameters[];
  readonly actions: readonly Action[];
  /** The present problem, else the last event of a service or the server. */
  readonly notice: string | undefined;
}

const REDRAW_MS = 1_000;
const ACTIONS_SHOWN = 5;

/**
 * The lines of the view, cut to the terminal's width and height; series that do not fit are counted. A series without
 * a threshold shows its recommendation, marked `~`.
 */
export function renderView(model: ViewModel, columns: number, rows: number): string[] {
  const { console: page, ...services } = model.http;
  const ports = Object.entries(services).map(([name, url]) => `${name} :${url.split(":").at(-1)}`);
  const head = [`mapek  ${model.natsUrl}  ${ports.join("  ")}`];
  if (page !== undefined) head.push(`console  ${page}`);
  const tail = ["", ...systemLines(model.parameters), ...actionLines(model.actions)];
  if (model.notice !== undefined) tail.push("", model.notice);
  const room = Math.max(1, rows - head.length - tail.length - 4);
  const shown = model.series.slice(0, room);
  const lines = [...head, "", ...seriesLines(shown)];
  if (shown.length < model.series.length)
    lines.push(`… and ${model.series.length - shown.length} more series`);
  return [...lines, ...tail].map((line) => line.slice(0, columns)).slice(0, Math.max(1, rows - 1));
}

function seriesLines(series: readonly SeriesState[]): string[] {
  if (series.length === 0) return ["no samples yet"];
  const rows = series.map((it) => [
    it.system,
    showSeries(it.metric, it.labels),
    showNumber(it.last_value),
    thresholdCell(it),
    it.confidence === null ? "-" : it.confidence.toFixed(2),
    it.trend,
    it.open_anomaly !== null ? "ANOMALY" : it.beyond ? "beyond" : "",
  ]);
  const header = ["SYSTEM", "SERIES", "LAST", "THRESHOLD", "CONFIDENCE", "TREND", ""];
  return table([header, ...rows]).split("\n");
}

function thresholdCell({ threshold, recommendation, pinned }: SeriesState): string {
  if (threshold !== null) return `${showNumber(threshold)}${pinned ? " pinned" : ""}`;
  return recommendation === null ? "-" : `~${showNumber(recommendation)}`;
}

function systemLines(parameters: readonly Parameters[]): string[] {
  return parameters.map(
    (it) =>
      `${it.system}: ${it.state} (${it.mode})  interval ${showNumber(it.monitoring_interval)} s  depth ${it.analysis_depth}  lookahead ${showNumber(it.planning_lookahead)} s  parallelism ${it.execution_parallelism}  learning rate ${showNumber(it.learning_rate)}`,
  );
}

function actionLines(actions: readonly Action[]): string[] {
  return actions.length === 0
    ? []
    : ["", ...actions.map((action) => describeMessage("actions", action))];
}

const byName = (a: SeriesState, b: SeriesState): number =>
  a.system.localeCompare(b.system) || nameOf(a).localeCompare(nameOf(b));
const nameOf = ({ metric, labels }: SeriesState): string => showSeries(metric, labels);

/** Draws the view in place once a second. */
export class LiveView {
  readonly #client: MapekClient;
  readonly #natsUrl: string;
  readonly #out: NodeJS.WriteStream;
  readonly #parameters = new Map<string, Parameters>();
  readonly #actions: Action[] = [];
  #http: Readonly<Record<string, string>> = {};
  #series: readonly SeriesState[] = [];
  #notice: string | undefined;
  #problem: string | undefined;
  #drawn = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(client: MapekClient, natsUrl: string, out: NodeJS.WriteStream) {
    this.#client = client;
    this.#natsUrl = natsUrl;
    this.#out = out;
  }

  start(http: Readonly<Record<string, string>>): void {
    this.#http = http;
    void this.#readLatest();
    void this.#turn();
  }

  add(event: UpEvent): void {
    if (event.event === "parameters")
      this.#parameters.set(String(event.system), event as unknown as Parameters);
    if (event.event === "action") {
      appendBounded(this.#actions, event as unknown as Action, ACTIONS_SHOWN);
    }
    if (event.event.startsWith("service_") || event.event.startsWith("server_"))
      this.#notice = Object.values(event).join(" ");
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #readLatest(): Promise<void> {
    try {
      const actions = await this.#client.history({ kind: "actions", limit: ACTIONS_SHOWN });
      this.#actions.unshift(...actions.slice(0, ACTIONS_SHOWN - this.#actions.length));
      for (const parameters of await this.#client.allParameters())
        if (!this.#parameters.has(parameters.system))
          this.#parameters.set(parameters.system, parameters);
    } catch {
      // Without an answer the view shows only new events.
    }
  }

  async #turn(): Promise<void> {
    try {
      this.#series = (await this.#client.series()).sort(byName);
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
    if (this.#isStopped) return;
    this.#draw();
    this.#timer = setTimeout(() => void this.#turn(), REDRAW_MS);
  }

  #draw(): void {
    const lines = renderView(
      {
        natsUrl: this.#natsUrl,
        http: this.#http,
        series: this.#series,
        parameters: [...this.#parameters.values()],
        actions: this.#actions,
        notice: this.#problem ?? this.#notice,
      },
      this.#out.columns ?? 80,
      this.#out.rows ?? 24,
    );
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : "";
    this.#out.write(`${back}\x1b[0J${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }
}
