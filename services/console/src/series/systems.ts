import type { MapekClient } from "@mapek/client";
import type { Parameters, SystemState, Transition } from "@mapek/core/contract";
import type { Feed } from "../feed.ts";
import type { SeriesIndex } from "./series-index.ts";
import type { SeriesCounts, SystemRow } from "./system-row.ts";

/** Number of systems in one answer. */
const MOST_SYSTEMS = 200;
const RETRY_MS = 1_000;

const SEVERITY: Readonly<Record<SystemState, number>> = {
  critical: 4,
  degraded: 3,
  recovering: 2,
  optimizing: 1,
  healthy: 0,
};

/** Present parameters and newest transition of every system, kept up to date by the feed. */
export class Systems {
  readonly #client: MapekClient;
  readonly #index: SeriesIndex;
  readonly #parameters = new Map<string, Parameters>();
  readonly #transitions = new Map<string, Transition>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(client: MapekClient, index: SeriesIndex, feed: Feed) {
    this.#client = client;
    this.#index = index;
    feed.listen(({ family, message }) => {
      if (family === "parameters") this.#parameters.set(message.system, message as Parameters);
      if (family === "transitions") this.#transitions.set(message.system, message as Transition);
    });
  }

  /** Reads all systems; tries again every second while the optimizer does not answer. */
  async start(): Promise<void> {
    try {
      await this.reread();
    } catch {
      if (!this.#isStopped) this.#timer = setTimeout(() => void this.start(), RETRY_MS);
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Reads all systems again. Throws as the client's requests do. */
  async reread(): Promise<void> {
    const found = (await this.#client.request("optimizer", "parameters")) as Parameters[];
    for (const parameters of found) {
      this.#parameters.set(parameters.system, parameters);
      const [newest] = await this.#client.history({
        kind: "transitions",
        system: parameters.system,
        limit: 1,
      });
      if (newest !== undefined) this.#transitions.set(newest.system, newest);
    }
  }

  /** The worst 200 systems, the worst first, and the number of all. */
  list(): { readonly total: number; readonly items: readonly SystemRow[] } {
    const counts = this.#index.counts();
    const names = new Set([...counts.keys(), ...this.#parameters.keys()]);
    const rows = [...names].map((system) => this.#row(system, counts.get(system)));
    rows.sort(
      (a, b) =>
        severityOf(b) - severityOf(a) ||
        b.open - a.open ||
        (a.system < b.system ? -1 : a.system > b.system ? 1 : 0),
    );
    return { total: rows.length, items: rows.slice(0, MOST_SYSTEMS) };
  }

  /** One system; undefined where it has neither series nor parameters. */
  one(system: string): SystemRow | undefined {
    const counts = this.#index.counts().get(system);
    return counts === undefined && !this.#parameters.has(system)
      ? undefined
      : this.#row(system, counts);
  }

  #row(system: string, counts: SeriesCounts | undefined): SystemRow {
    const parameters = this.#parameters.get(system) ?? null;
    const transition = this.#transitions.get(system) ?? null;
    return {
      system,
      state: parameters?.state ?? null,
      since: transition?.timestamp ?? null,
      parameters,
      transition,
      ...(counts ?? { series: 0, open: 0, stale: 0 }),
    };
  }
}

const severityOf = ({ state }: SystemRow): number => (state === null ? -1 : SEVERITY[state]);
