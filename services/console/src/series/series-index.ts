import type { MapekClient, SeriesState } from "@mapek/client";
import { type Anomaly, seriesKey } from "@mapek/core/contract";
import type { Link } from "@mapek/runtime";
import type { ListQuery } from "../queries.ts";
import { type GroupRow, groupRows } from "./group-row.ts";
import type { SeriesCounts } from "./system-row.ts";

/** A part of the ranked list. */
export interface SeriesPage {
  /** Numbers of series that match the search; of those with an open anomaly; and of those whose newest value is beyond a threshold. */
  readonly total: number;
  readonly open: number;
  readonly beyond: number;
  readonly offset: number;
  readonly items: readonly SeriesState[];
  /** The newest ten groups of the matching open anomalies, newest first, without the anomalies themselves. */
  readonly groups: readonly Pick<GroupRow, "id" | "system" | "line">[];
}

interface Entry {
  readonly key: string;
  /** Lower case, for searching. */
  readonly text: string;
  state: SeriesState;
  partition: number;
  /** Time (`performance.now()`) of the last message about its anomaly: answers to earlier requests must not overwrite it. */
  heardAt: number;
}

/** Reading rate: a round through all partitions takes one second per 1,000 series, at least one second. */
const SERIES_PER_SECOND = 1_000;
/** Pause between checks while nobody watches or the learner does not answer. */
const PAUSE_MS = 250;
/** Age beyond which the index is read again before an answer. */
const STALE_MS = 2_000;
/** Number of groups in the list, and of anomalies of a group on a page. */
const MOST_GROUPS = 10;
const MOST_GROUPED = 50;

/**
 * The state of every series of the house, as last read from the learner.
 *
 * The index reads one partition after another, so that an answer fits in one message and the learner's load stays
 * even. With 1,000 series an entry is at most one second old, with 10,000 ten seconds. Reads only while `wanted`
 * says so. Memory: about 1 KB a series.
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

  /** Message of the last read's error; undefined where it succeeded. */
  get problem(): string | undefined {
    return this.#problem;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Reads all partitions once, then one per turn while `wanted` returns true. */
  async start(wanted: () => boolean): Promise<void> {
    this.#wanted = wanted;
    await this.#refreshAll();
    this.#schedule(PAUSE_MS);
  }

  /** Reads all partitions where the last read is older than 2 s. */
  async freshen(): Promise<void> {
    if (performance.now() - this.#refreshedAt > STALE_MS) await this.#refreshAll();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Reads one series from the learner now; undefined where it is unknown. Throws as the client's requests do. */
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

  /** Folds an anomaly's message, so that opening and closing show at once and not only after the next read. */
  hear(anomaly: Anomaly): void {
    const entry = this.#entries.get(keyOf(anomaly));
    if (entry === undefined) return;
    const { open_anomaly: known } = entry.state;
    if (known !== null && known.opened_at > anomaly.opened_at) return;
    entry.state = { ...entry.state, open_anomaly: anomaly.phase === "closed" ? null : anomaly };
    entry.heardAt = performance.now();
  }

  /** The groups of the open anomalies of a system, the newest first. */
  groupsOf(system: string): GroupRow[] {
    return groupRows(this.#open(system), MOST_GROUPED);
  }

  /**
   * A part of the list: series with open anomalies first, then by score, then by key.
   * Cost: O(series) to search, O(n log n) to rank the n matches; about 10 ms for 10,000.
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

  /** Series of a system with an open anomaly, by rank. */
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
  // Scores are compared in steps of 0.1: small changes from second to second must not reorder the list.
  const score = rounded(b.state.score) - rounded(a.state.score);
  return score !== 0 ? score : a.key < b.key ? -1 : 1;
}

const rounded = (score: number): number => Math.floor(score * 10);
