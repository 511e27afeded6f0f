import type { ServerResponse } from "node:http";
import type { MapekClient } from "@mapek/client";
import { type Labels, type SeriesExport, seriesKey } from "@mapek/core/contract";
import type { Link } from "@mapek/runtime";
import { ConsoleError } from "./errors.ts";
import type { Feed, FeedEvent } from "./feed.ts";
import type { WatchQuery } from "./queries.ts";
import type { SeriesIndex } from "./series/series-index.ts";
import type { Systems } from "./series/systems.ts";
import { Viewer } from "./viewer.ts";

/** Number of live pages at the same time. */
const MOST_VIEWERS = 64;
const TURN_MS = 500;
/** Limit of samples in one event; a page reads older ones by `/api/series/samples`. */
const MOST_NEW_SAMPLES = 2_000;

type SeriesWatch = Extract<WatchQuery, { watch: "series" }>;

export interface LiveOptions {
  readonly client: MapekClient;
  readonly link: Link;
  readonly feed: Feed;
  readonly index: SeriesIndex;
  readonly systems: Systems;
  readonly onDropped: () => void;
}

/** Serves the live pages: outputs as they come, and every 500 ms the changed parts of the state that each page shows. */
export class Live {
  readonly #options: LiveOptions;
  readonly #viewers = new Map<Viewer, () => void>();
  /** Number of viewers dropped because they did not keep up. */
  dropped = 0;

  constructor(options: LiveOptions) {
    this.#options = options;
    // Sent at once: a connection lost and back between two turns would go unnoticed, and pages would not read what they missed.
    options.link.onLost(() => {
      for (const viewer of this.#viewers.keys()) viewer.sendChanged("status", this.#status());
    });
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** @throws {ConsoleError} MAPEK_CONSOLE_TOO_MANY_VIEWERS */
  requireRoom(): void {
    if (this.#viewers.size >= MOST_VIEWERS)
      throw new ConsoleError("MAPEK_CONSOLE_TOO_MANY_VIEWERS", `${MOST_VIEWERS} are live`);
  }

  /**
   * Takes over a response and keeps it open.
   *
   * @param lastEventId Id of the last event that a returning browser received; missed outputs are sent again.
   */
  open(response: ServerResponse, query: WatchQuery, lastEventId: string | undefined): void {
    const { feed } = this.#options;
    const viewer = new Viewer(response, () => {
      this.dropped++;
      this.#options.onDropped();
    });
    const tell = (event: FeedEvent) => {
      if (concerns(query, event)) viewer.send("output", event, `${feed.id}-${event.number}`);
    };
    viewer.send("hello", { server: feed.id });
    if (lastEventId !== undefined) feed.since(lastEventId).forEach(tell);
    const stopListening = feed.listen(tell);
    const turns = this.#turns(viewer, query);
    const close = () => {
      stopListening();
      turns.stop();
      this.#viewers.delete(viewer);
    };
    this.#viewers.set(viewer, close);
    response.on("close", close);
  }

  close(): void {
    for (const [viewer, close] of this.#viewers) {
      close();
      viewer.end();
    }
  }

  #turns(viewer: Viewer, query: WatchQuery): { stop(): void } {
    let timer: NodeJS.Timeout | undefined;
    let stopped = false;
    const newSamples = query.watch === "series" ? this.#newSamples(query) : undefined;
    const ofSeries = async ({ system, metric, labels }: SeriesWatch) => {
      viewer.sendChanged(
        "series",
        (await this.#options.index.read(system, metric, labels)) ?? null,
      );
      const samples = await newSamples?.();
      if (samples !== undefined) viewer.send("samples", samples);
    };
    const turn = async () => {
      try {
        viewer.sendChanged("status", this.#status());
        if (!this.#options.link.connected) return;
        if (query.watch === "systems") viewer.sendChanged("systems", this.#options.systems.list());
        if (query.watch === "system")
          viewer.sendChanged("system", this.#options.systems.one(query.system) ?? null);
        if (query.watch === "list") viewer.sendChanged("rows", this.#options.index.page(query));
        if (query.watch === "series") await this.#options.link.answer(() => ofSeries(query));
      } catch {
        // No answer from the learner: the page's status says so, and the next turn tries again.
      } finally {
        viewer.send("beat", { now: Date.now() });
        if (!stopped && viewer.isOpen) timer = setTimeout(() => void turn(), TURN_MS);
      }
    };
    void turn();
    return {
      stop() {
        stopped = true;
        clearTimeout(timer);
      },
    };
  }

  #status() {
    const { link, index } = this.#options;
    return { connected: link.connected, problem: index.problem ?? null };
  }

  /** Returns a reader of new samples: its first call gives the newest 2,000, each further call those since the call before. */
  #newSamples({ system, metric, labels }: SeriesWatch): () => Promise<SeriesExport | undefined> {
    let newest: number | undefined;
    return async () => {
      const found = await this.#options.client.request("learner", "export", system, {
        ...{ metric, labels, limit: MOST_NEW_SAMPLES },
        ...(newest !== undefined && { from: newest }),
      });
      const [samples] = found as SeriesExport[];
      if (samples === undefined) return undefined;
      const fresh = samples.timestamps.findIndex((time) => newest === undefined || time > newest);
      if (fresh < 0) return undefined;
      newest = samples.timestamps.at(-1);
      return {
        ...samples,
        timestamps: samples.timestamps.slice(fresh),
        values: samples.values.slice(fresh),
      };
    };
  }
}

/** Whether a page with this query shows the output. */
function concerns(query: WatchQuery, { family, message }: FeedEvent): boolean {
  switch (query.watch) {
    case "systems":
      return family === "transitions";
    case "list":
      return false;
    case "system":
      return (
        message.system === query.system &&
        ["transitions", "parameters", "anomalies", "changes"].includes(family)
      );
    case "loops":
      return (
        (family === "actions" || family === "feedback") &&
        (query.system === undefined || message.system === query.system)
      );
    case "series":
      return isOf(query, message as SeriesOutput);
  }
}

/** The fields of an output that name its series. */
interface SeriesOutput {
  readonly system: string;
  readonly metric?: string;
  readonly labels?: Labels;
  /** Only in actions. */
  readonly target?: { readonly series: string | null };
}

function isOf(query: SeriesWatch, { system, metric, labels, target }: SeriesOutput): boolean {
  if (system !== query.system) return false;
  const wanted = seriesKey(query.system, query.metric, query.labels);
  if (target !== undefined) return target.series === wanted;
  return metric === query.metric && seriesKey(system, metric, labels ?? {}) === wanted;
}
