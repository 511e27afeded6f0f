import type { MapekClient, SeriesState } from "@mapek/client";
import { type Anomaly, seriesKey } from "@mapek/core/messages";
import type { Link } from "@mapek/runtime";
import type { ListQuery } from "../queries.ts";
import { type GroupRow, groupRows } from "./group-row.ts";
import type { SeriesCounts } from "./system-row.ts";

/** A part of the ranked list. */
export interface SeriesPage {
  /** Series that fit the search, those of them with an open anomaly, and those whose newest value is beyond a threshold. */
  readonly total: number;
  readonly open: number;
  readonly beyond: number;
  readonly offset: number;
  readonly items: readonly SeriesState[];
  /** What began together among the open anomalies that fit, the newest first: the newest ten, without the anomalies themselves. */
  readonly groups: readonly Pick<GroupRow, "id" | "system" | "line">[];
}

interface Entry {
  readonly key: string;
  /** Lower case, for searching. */
  readonly text: string;
  state: SeriesState;
  partition: number;
  /** When a message told of its anomaly, ms of this process: an answer to an earlier question knows less. */
  heardAt: number;
}

/** A turn through all partitions takes a second for up to so many series, and in proportion beyond. */
const SERIES_PER_SECOND = 1_000;
/** While nobody looks or nobody answers. */
const PAUSE_MS = 250;
/** Older than this, what is known is read anew before it is shown. */
const STALE_MS = 2_000;
/** Groups that the list shows, and anomalies of a group that a page shows. */
const MOST_GROUPS = 10;
const MOST_GROUPED = 50;

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
    const askedAt = performance.now();
    const [state] = await this.#client.series(system, { metric, labels });
    if (state === undefined) return undefined;
    const key = this.#put(state, this.#entries.get(keyOf(state))?.partition ?? -1, askedAt);
    return this.#entries.get(key)?.state;
  }

  /** Takes note of what was told of an anomaly: that it is open, or over, is known at once. */
  hear(anomaly: Anomaly): void {
    const entry = this.#entries.get(keyOf(anomaly));
    if (entry === undefined) return;
    const { open_anomaly: known } = entry.state;
    if (known !== null && known.opened_at > anomaly.opened_at) return;
    entry.state = { ...entry.state, open_anomaly: anomaly.phase === "closed" ? null : anomaly };
    entry.heardAt = performance.now();
  }

  /** What began together among the open anomalies of a system, the newest first. */
  groupsOf(system: string): GroupRow[] {
    return groupRows(this.#open(system), MOST_GROUPED);
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
      groups: groupRows(
        found.slice(0, open < 0 ? found.length : open).map(({ state }) => state),
        0,
      )
        .slice(0, MOST_GROUPS)
        .map(({ id, system: of, line }) => ({ id, system: of, line })),
    };
  }

  #open(system: string): SeriesState[] {
    return [...this.#entries.values()]
      .map(({ state }) => state)
      .filter((state) => state.system === system && state.open_anomaly !== null);
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
    const askedAt = performance.now();
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
    for (const state of states) seen.add(this.#put(state, partition, askedAt));
    for (const [key, entry] of this.#entries)
      if (entry.partition === partition && !seen.has(key)) this.#entries.delete(key);
  }

  #put(state: SeriesState, partition: number, askedAt: number): string {
    const key = keyOf(state);
    const known = this.#entries.get(key);
    if (known === undefined)
      this.#entries.set(key, { key, text: key.toLowerCase(), state, partition, heardAt: 0 });
    else {
      const { open_anomaly } = known.state;
      known.state = known.heardAt < askedAt ? state : { ...state, open_anomaly };
      known.partition = partition;
    }
    return key;
  }
}

const keyOf = ({
  system,
  metric,
  labels,
}: Pick<SeriesState, "system" | "metric" | "labels">): string => seriesKey(system, metric, labels);

function byRank(a: Entry, b: Entry): number {
  const open = Number(b.state.open_anomaly !== null) - Number(a.state.open_anomaly !== null);
  if (open !== 0) return open;
  // Scores of what is usual differ from second to second: only what stands out may change places.
  const score = rounded(b.state.score) - rounded(a.state.score);
  return score !== 0 ? score : a.key < b.key ? -1 : 1;
}

const rounded = (score: number): number => Math.floor(score * 10);
