import { type Labels, MessageError, partitionOf, seriesKey } from "@mapek/core/messages";
import type { Share, WaitingRoom } from "@mapek/runtime";

/** A known series: what routing needs, computed once. */
export interface SeriesEntry {
  readonly key: string;
  /** Length of the key, UTF-8. */
  readonly keyBytes: number;
  readonly partition: number;
  readonly share: Share;
  /** Time given to its last sample that came without one, ms. */
  lastStamp: number;
  /** When its last sample came, ms. */
  lastSeen: number;
  /** Id of the batch that held it last, and where in that batch's dictionary. */
  batch: number;
  batchIndex: number;
  /** Metric of an unlabelled one that is registered; undefined for others. */
  metric: string | undefined;
  /** The unlabelled series that was asked for after this one last time. */
  next: SeriesEntry | undefined;
}

interface SystemSeries {
  readonly share: Share;
  readonly byKey: Map<string, SeriesEntry>;
  /** Unlabelled series by metric: spares building their key. */
  readonly byMetric: Map<string, SeriesEntry>;
}

/**
 * The series that this monitor has seen, by system, within each system's limit and that of systems.
 * It is a cache and a guard: nothing depends on it surviving a restart.
 */
export class SeriesRegistry {
  readonly #systems = new Map<string, SystemSeries>();
  readonly #partitions: number;
  readonly #room: WaitingRoom;
  readonly #maxPerSystem: number;
  readonly #maxSystems: number;
  /** The entry that was asked for last. Agents send the same series in the same order: its successor is tried first. */
  #before: SeriesEntry | undefined;

  constructor(partitions: number, room: WaitingRoom, maxPerSystem: number, maxSystems: number) {
    this.#partitions = partitions;
    this.#room = room;
    this.#maxPerSystem = maxPerSystem;
    this.#maxSystems = maxSystems;
  }

  /**
   * The series' entry; MAPEK_SERIES_LIMIT where the system may have no more, MAPEK_SYSTEM_LIMIT where
   * there may be no more systems. Cost: one look-up for an unlabelled one, which is seldom a cold one.
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
