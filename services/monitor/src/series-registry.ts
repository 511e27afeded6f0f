import { type Labels, MessageError, partitionOf, seriesKey } from "@mapek/core/contract";
import type { Share, WaitingRoom } from "@mapek/runtime";

/** A known series: what routing needs, computed once. */
export interface SeriesEntry {
  readonly key: string;
  /** Length of the key, UTF-8. */
  readonly keyBytes: number;
  readonly partition: number;
  readonly share: Share;
  /** Time that `ArrivalClock` gave last, ms; 0 before the first sample without a time. */
  lastStamp: number;
  /** Time of arrival of the last sample, ms. */
  lastSeen: number;
  /** Id of the last batch with samples of this series, and the series' index in the batch's dictionary. */
  batch: number;
  batchIndex: number;
  /** Metric of a registered unlabelled series; undefined for others. */
  metric: string | undefined;
  /** The unlabelled series that followed this one last time. */
  next: SeriesEntry | undefined;
}

interface SystemSeries {
  readonly share: Share;
  readonly byKey: Map<string, SeriesEntry>;
  /** Unlabelled series by metric: a look-up here needs no series key. */
  readonly byMetric: Map<string, SeriesEntry>;
}

/**
 * The series that this monitor has seen, within the limits of series per system and of systems.
 * A cache and a guard: after a restart an empty registry is filled again by the samples that come.
 */
export class SeriesRegistry {
  readonly #systems = new Map<string, SystemSeries>();
  readonly #partitions: number;
  readonly #room: WaitingRoom;
  readonly #maxPerSystem: number;
  readonly #maxSystems: number;
  /** The entry returned last. Agents send the same series in the same order, so its successor `next` is tried first. */
  #before: SeriesEntry | undefined;

  constructor(partitions: number, room: WaitingRoom, maxPerSystem: number, maxSystems: number) {
    this.#partitions = partitions;
    this.#room = room;
    this.#maxPerSystem = maxPerSystem;
    this.#maxSystems = maxSystems;
  }

  /**
   * The entry of a series, created where the series is new.
   *
   * @returns MAPEK_SERIES_LIMIT or MAPEK_SYSTEM_LIMIT where a new series or system would exceed its limit.
   * Cost: no look-up for an unlabelled series that comes in the usual order, else one; a labelled one builds its key.
   */
  entry(system: string, metric: string, labels: Labels | undefined): SeriesEntry | MessageError {
    const before = this.#before;
    const guess = before?.next;
    if (
      guess !== undefined &&
      labels === undefined &&
      guess.metric === metric &&
      guess.share.system === system
    ) {
      this.#before = guess;
      return guess;
    }
    const entry = this.#find(system, metric, labels);
    if (entry instanceof MessageError) return entry;
    if (before !== undefined && labels === undefined) before.next = entry;
    this.#before = entry;
    return entry;
  }

  #find(system: string, metric: string, labels: Labels | undefined): SeriesEntry | MessageError {
    let series = this.#systems.get(system);
    if (series === undefined) {
      if (this.#systems.size >= this.#maxSystems)
        return new MessageError(
          "MAPEK_SYSTEM_LIMIT",
          `there are ${this.#systems.size} systems, the limit; ${system} is not taken in`,
        );
      series = { share: this.#room.shareOf(system), byKey: new Map(), byMetric: new Map() };
      this.#systems.set(system, series);
    }
    if (labels === undefined) {
      const known = series.byMetric.get(metric);
      if (known !== undefined) return known;
    }
    const key = seriesKey(system, metric, labels);
    let entry = series.byKey.get(key);
    if (entry === undefined) {
      if (series.byKey.size >= this.#maxPerSystem)
        return new MessageError(
          "MAPEK_SERIES_LIMIT",
          `system ${system} has ${series.byKey.size} series, its limit; ${key} is not taken in`,
        );
      const partition = partitionOf(key, this.#partitions);
      const keyBytes = Buffer.byteLength(key);
      const { share } = series;
      entry = {
        key,
        keyBytes,
        partition,
        share,
        lastStamp: 0,
        lastSeen: 0,
        batch: 0,
        batchIndex: 0,
        metric: undefined,
        next: undefined,
      };
      series.byKey.set(key, entry);
    }
    if (labels === undefined) {
      entry.metric = metric;
      series.byMetric.set(metric, entry);
    }
    return entry;
  }

  /** Forgets series without samples since `before` (ms). Cost: O(series). */
  expire(before: number): void {
    this.#before = undefined;
    for (const [system, { byKey, byMetric }] of this.#systems) {
      for (const [key, entry] of byKey) {
        if (entry.next !== undefined && entry.next.lastSeen < before) entry.next = undefined;
        if (entry.lastSeen >= before) continue;
        byKey.delete(key);
        entry.metric = undefined;
      }
      for (const [metric, entry] of byMetric) if (entry.lastSeen < before) byMetric.delete(metric);
      if (byKey.size === 0) this.#systems.delete(system);
    }
  }

  get size(): number {
    let sum = 0;
    for (const { byKey } of this.#systems.values()) sum += byKey.size;
    return sum;
  }
}
