import type { MapekClient, SeriesState } from "@mapek/client";
import { seriesKey } from "@mapek/core/messages";
import type { Link } from "@mapek/runtime";
import type { ListQuery } from "./queries.ts";
import type { SeriesCounts } from "./system-row.ts";

/** A part of the ranked list. */
export interface SeriesPage {
  /** Series that fit the search, those of them with an open anomaly, and those whose newest value is beyond a threshold. */
  readonly total: number;
  readonly open: number;
  readonly beyond: number;
  readonly offset: number;
  readonly items: readonly SeriesState[];
}

interface Entry {
  readonly key: string;
  /** Lower case, for searching. */
  readonly text: string;
  state: SeriesState;
  partition: number;
}

/** A turn through all partitions takes a second for up to so many series, and in proportion beyond. */
const SERIES_PER_SECOND = 1_000;
/** While nobody looks or nobody answers. */
const PAUSE_MS = 250;
/** Older than this, what is known is read anew before it is shown. */
const STALE_MS = 2_000;

/**
 * Every series of the house, as the learner told of it last.
 *
 * The partitions are asked in turn, so that an answer fits in one message and the learner is never asked for
 * everything at once: with 1,000 series each is a second old at most, with 10,000 ten seconds. Asked only while
 * somebody looks. Memory: about 1 KB a series.
 */
export class SeriesIndex {
  readonly #client: MapekClient;
  readonly #link: Link;
  readonly #partitions: number;
  readonly #onProblem: (error: Error) => void;
  readonly #entries = new Map<string, Entry>();
  #wanted: () => boolean = () => true;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #problem: string | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(
    client: MapekClient,
    link: Link,
    partitions: number,
    onProblem: (error: Error) => void,
  ) {
    this.#client = client;
    this.#link = link;
    this.#partitions = partitions;
    this.#onProblem = onProblem;
  }

  /** What went wrong with the last turn, if anything. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reads everything once, then goes on turn by turn while `wanted` says so. */
  async start(wanted: () => boolean): Promise<void> {
    this.#wanted = wanted;
    await this.#refreshAll();
    this.#schedule(PAUSE_MS);
  }

  /** Reads everything anew where nobody has looked for a while. */
  async freshen(): Promise<void> {
    if (performance.now() - this.#refreshedAt > STALE_MS) await this.#refreshAll();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** One series, asked for now; undefined where there is none. Throws as the client's requests do. */
  async read(
    system: string,
    metric: string,
    labels: SeriesState["labels"],
  ): Promise<SeriesState | undefined> {
    const [state] = await this.#client.series(system, { metric, labels });
    if (state !== undefined) this.#put(state, this.#entries.get(keyOf(state))?.partition ?? -1);
    return state;
  }

  /**
   * The part of the list that is asked for: open anomalies first, then by score, then by name.
   * Cost: O(series) to search, O(n log n) to rank what fits; about 10 ms for 10,000.
   */
  page({ system, search, offset, limit }: ListQuery): SeriesPage {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [...this.#entries.values()].filter(
      ({ text, state }) =>
        (system === undefined || state.system === system) &&
        words.every((word) => text.includes(word)),
    );
    found.sort(byRank);
    const open = found.findIndex(({ state }) => state.open_anomaly === null);
    return {
      total: found.length,
      open: open < 0 ? found.length : open,
      beyond: found.filter(({ state }) => state.beyond && !state.stale).length,
      offset,
      items: found.slice(offset, offset + limit).map(({ state }) => state),
    };
  }

  /** Series whose anomaly is open now, of one system. */
  openOf(system: string, limit: number): SeriesState[] {
    return this.page({ system, search: "", offset: 0, limit }).items.filter(
      ({ open_anomaly }) => open_anomaly !== null,
    );
  }

  counts(): Map<string, SeriesCounts> {
    const all = new Map<string, SeriesCounts>();
    for (const { state } of this.#entries.values()) {
      const counts = all.get(state.system) ?? { series: 0, open: 0, stale: 0 };
      all.set(state.system, counts);
      counts.series++;
      if (state.open_anomaly !== null) counts.open++;
      if (state.stale) counts.stale++;
    }
    return all;
  }

  #schedule(pauseMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => void this.#turn(), pauseMs);
  }

  async #refreshAll(): Promise<void> {
    await Promise.all(Array.from({ length: this.#partitions }, (_, p) => this.#refresh(p)));
  }

  async #turn(): Promise<void> {
    const turnMs = Math.max(1, this.#entries.size / SERIES_PER_SECOND) * 1_000;
    const wanted = this.#wanted();
    if (wanted) {
      await this.#refresh(this.#next);
      this.#next = (this.#next + 1) % this.#partitions;
    }
    const goesOn = wanted && this.#problem === undefined;
    this.#schedule(goesOn ? turnMs / this.#partitions : PAUSE_MS);
  }

  async #refresh(partition: number): Promise<void> {
    let states: SeriesState[];
    try {
      states = await this.#link.answer(() => this.#client.series(undefined, { partition }));
      this.#problem = undefined;
      this.#refreshedAt = performance.now();
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#problem) this.#onProblem(error as Error);
      this.#problem = message;
      return;
    }
    const seen = new Set<string>();
    for (const state of states) seen.add(this.#put(state, partition));
    for (const [key, entry] of this.#entries)
      if (entry.partition === partition && !seen.has(key)) this.#entries.delete(key);
  }

  #put(state: SeriesState, partition: number): string {
    const key = keyOf(state);
    const known = this.#entries.get(key);
    if (known === undefined)
      this.#entries.set(key, { key, text: key.toLowerCase(), state, partition });
    else {
      known.state = state;
      known.partition = partition;
    }
    return key;
  }
}

const keyOf = ({ system, metric, labels }: SeriesState): string =>
  seriesKey(system, metric, labels);

function byRank(a: Entry, b: Entry): number {
  const open = Number(b.state.open_anomaly !== null) - Number(a.state.open_anomaly !== null);
  if (open !== 0) return open;
  // Scores of what is usual differ from second to second: only what stands out may change places.
  const score = rounded(b.state.score) - rounded(a.state.score);
  return score !== 0 ? score : a.key < b.key ? -1 : 1;
}

const rounded = (score: number): number => Math.floor(score * 10);
