import { totalmem } from "node:os";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Registry } from "prom-client";
import type { Logger } from "./log.ts";
import { type Instrument, instrument } from "./metrics/instrument.ts";

export interface MemoryWatchOptions {
  readonly limitBytes: number;
  readonly registry: Registry;
  readonly log: Logger;
}

const MEBIBYTE = 1_048_576;
const DEFAULT_SHARE = 0.75;
/**
 * Memory becomes short at `SHORT` of the limit and is enough again below `ENOUGH`: two lines, so that the state does
 * not flap.
 */
const SHORT = 0.85;
const ENOUGH = 0.7;
/** At this share of the limit memory is short at once, even while the next garbage collection is not due yet. */
const FULL = 0.95;
const CHECK_MS = 100;
/**
 * A full garbage collection stops the process. After each one the next waits at least `COLLECT_EVERY_MS`, and at least
 * `COLLECT_APART` times as long as the collection took.
 */
const COLLECT_EVERY_MS = 100;
const COLLECT_APART = 10;
const LOG_EVERY_MS = 10_000;
/** Bytes of the process for each live byte: the allocator leaves gaps. */
const GAPS = 1.2;

/** The memory limit of a service, bytes. */
export function memoryLimitBytes(configuredMb: number): number {
  if (configuredMb > 0) return configuredMb * MEBIBYTE;
  const container = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return DEFAULT_SHARE * Math.min(container, totalmem());
}

/**
 * Watches this process's memory, so that a service can refuse new work before the operating system kills the process.
 *
 * Memory is short when the process uses 85 % of its limit, or the heap 85 % of V8's own limit, and a garbage
 * collection does not help. After a collection, free pages that the allocator keeps do not count: the allocator reuses
 * those pages before the process grows.
 *
 * Cost: 10 µs every 100 ms; while memory is short, garbage collections for at most a tenth of the time.
 */
export class MemoryWatch {
  readonly limitBytes: number;
  readonly #log: Logger;
  readonly #rss: Instrument<"mapek_memory_bytes">;
  readonly #listeners: (() => void)[] = [];
  #short = false;
  #nextCollection = 0;
  #toldAt = Number.NEGATIVE_INFINITY;
  readonly #baseBytes: number;
  #collect: (() => void) | undefined;

  constructor({ limitBytes, registry, log }: MemoryWatchOptions) {
    this.limitBytes = limitBytes;
    this.#log = log;
    const limit = instrument(registry, "mapek_memory_limit_bytes");
    limit.set(limitBytes);
    this.#rss = instrument(registry, "mapek_memory_bytes");
    const { rss, heapTotal, external } = process.memoryUsage();
    this.#rss.set(rss);
    this.#baseBytes = Math.max(0, rss - heapTotal - external);
    setInterval(() => this.#check(), CHECK_MS).unref();
  }

  /** True while new work must be refused. */
  get short(): boolean {
    return this.#short;
  }

  /**
   * Calls `listener` before garbage is collected, so that caches can be emptied: at each check (every 100 ms) that
   * finds 85 % or more in use while memory is not short yet.
   */
  onShort(listener: () => void): void {
    this.#listeners.push(listener);
  }

  details(): object {
    return {
      bytes: process.memoryUsage.rss(),
      limit_bytes: this.limitBytes,
      short: this.#short,
    };
  }

  #check(): void {
    const rss = process.memoryUsage.rss();
    this.#rss.set(rss);
    const line = this.#short ? ENOUGH : SHORT;
    if (rss < line * this.limitBytes && this.#heapShare() < line) {
      this.#become(false);
      return;
    }
    if (!this.#short) for (const listener of this.#listeners) listener();
    if (performance.now() < this.#nextCollection) {
      if (rss >= FULL * this.limitBytes) this.#become(true);
      return;
    }
    this.#collectGarbage();
    this.#become(this.#neededBytes() >= line * this.limitBytes || this.#heapShare() >= line);
  }

  #collectGarbage(): void {
    if (this.#collect === undefined) {
      setFlagsFromString("--expose-gc");
      this.#collect = runInNewContext("gc") as () => void;
    }
    const startedAt = performance.now();
    this.#collect();
    const endedAt = performance.now();
    this.#nextCollection =
      endedAt + Math.max(COLLECT_EVERY_MS, COLLECT_APART * (endedAt - startedAt));
  }

  /** Estimated bytes of the process without the free pages that the allocator keeps. */
  #neededBytes(): number {
    const { rss, heapUsed, external } = process.memoryUsage();
    return Math.min(rss, this.#baseBytes + GAPS * (heapUsed + external));
  }

  #heapShare(): number {
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return used_heap_size / heap_size_limit;
  }

  #become(short: boolean): void {
    if (short === this.#short) return;
    this.#short = short;
    const figures = { bytes: process.memoryUsage.rss(), limit_bytes: this.limitBytes };
    if (short && performance.now() - this.#toldAt >= LOG_EVERY_MS) {
      this.#log.warn(figures, "memory is short: new work is refused");
      this.#toldAt = performance.now();
    } else if (!short) this.#log.debug(figures, "there is memory again");
  }
}
