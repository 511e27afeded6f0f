import type { PartitionLogic } from "../actor.ts";
import { RuntimeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { CheckpointStore } from "./checkpoint-store.ts";
import { CheckpointWriter } from "./checkpoint-writer.ts";
import type { PartitionCheckpoints } from "./partition-checkpoints.ts";

/** A partition, as far as the checkpointer knows it. */
export interface CheckpointSource<State> {
  readonly index: number;
  readonly state: State;
  /** True while the owner holds the partition, the state is restored and inputs are folded. */
  readonly running: boolean;
  /** Number of times that the partition was claimed. */
  readonly epoch: number;
  /** Sequence of the newest folded input. */
  readonly foldedSeq: number;
  /** Number of inputs on which an actor threw. */
  readonly failures: number;
  /** Creation time of the input stream. */
  readonly streamCreated: string;
  readonly checkpoints: PartitionCheckpoints;
}

export interface CheckpointerOptions<State> {
  readonly logic: Pick<
    PartitionLogic<State, never>,
    "service" | "schema" | "snapshot" | "settings" | "removed"
  >;
  readonly store: CheckpointStore;
  /** Milliseconds after which a partition that has folded something is saved again. */
  readonly intervalMs: number;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The partitions of this instance as they are now. */
  readonly sources: () => readonly CheckpointSource<State>[];
}

/** What the checkpointer remembers of a partition between a claim and its end. */
interface Progress {
  /** When the partition was saved last, or first seen; ms of `performance.now()`. */
  at: number;
  /** Sequence of the newest input that the last checkpoint contains. */
  seq: number;
  /** Number of attempts; makes the name of each checkpoint unique. */
  writes: number;
}

const CHECK_MS = 250;
/**
 * After a checkpoint the checkpointer pauses for this many times the time that it blocked the event loop: at most
 * about 9 % of the process's time goes into encoding.
 */
const REST_FACTOR = 10;

/**
 * Saves the partitions of one instance, one after the other.
 *
 * A checkpoint that fails is logged and tried again at the next interval: checkpoints only shorten a replay, and
 * nothing waits for them.
 */
export class Checkpointer<State> {
  readonly #options: CheckpointerOptions<State>;
  readonly #progress = new WeakMap<CheckpointSource<State>, Progress>();
  #timer: NodeJS.Timeout | undefined;
  /** The step under way; the next begins when it has ended. */
  #step: Promise<void> | undefined;
  #stopped = false;
  /** `removeFragments` runs once in each process. */
  #fragmentsRemoved = false;
  #restUntil = 0;

  constructor(options: CheckpointerOptions<State>) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#begin(), Math.min(CHECK_MS, this.#options.intervalMs));
  }

  /**
   * Starts no further checkpoint and abandons the one under way. Resolves when the abandoned pieces are removed from
   * the store, or when the connection is lost: pieces left behind by a closed connection would belong to no object.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#step;
  }

  #begin(): void {
    if (this.#step !== undefined || this.#stopped) return;
    this.#step = this.#work().finally(() => {
      this.#step = undefined;
    });
  }

  async #work(): Promise<void> {
    try {
      const running = this.#options.sources().filter((source) => source.running);
      const fresh = running.filter((source) => !this.#progress.has(source));
      for (const { checkpoints } of running)
        for (const name of checkpoints.takeUnnamed()) await this.#options.store.remove(name);
      if (fresh.length > 0) await this.#removeOrphans(fresh);
      const due = this.#due(running);
      if (due !== undefined) await this.#save(due);
    } catch (error) {
      if (this.#stopped) return;
      this.#options.log.warn(
        { err: error },
        "old checkpoints were not removed; a later owner does it",
      );
    }
  }

  /** The due partition that waited longest; undefined where none is due. */
  #due(running: readonly CheckpointSource<State>[]): CheckpointSource<State> | undefined {
    const now = performance.now();
    if (now < this.#restUntil) return undefined;
    return running
      .filter((source) => {
        const { at, seq } = this.#progressOf(source);
        return now - at >= this.#options.intervalMs && source.foldedSeq > seq;
      })
      .sort((a, b) => this.#progressOf(a).at - this.#progressOf(b).at)[0];
  }

  #progressOf(source: CheckpointSource<State>): Progress {
    let progress = this.#progress.get(source);
    if (progress === undefined) {
      const seq = source.checkpoints.named[0]?.seq ?? 0;
      progress = { at: performance.now(), seq, writes: 0 };
      this.#progress.set(source, progress);
    }
    return progress;
  }

  async #save(source: CheckpointSource<State>): Promise<void> {
    const { logic, store, metrics, log } = this.#options;
    const progress = this.#progressOf(source);
    const startedAt = performance.now();
    const name = `${logic.service}.${source.index}.${source.epoch}.${++progress.writes}`;
    const writer = this.#writerFor(source);
    try {
      await store.write(name, writer.bytesOf());
      // A stopped partition writes no position, so nothing would ever name this checkpoint.
      if (this.#stopped) return await store.remove(name);
      const { seq, through, bytes } = writer;
      source.checkpoints.propose({ name, seq, through });
      progress.seq = through;
      const seconds = (performance.now() - startedAt) / 1_000;
      metrics.checkpointSeconds.observe(seconds);
      metrics.checkpointBytes.set({ partition: source.index }, bytes);
      metrics.checkpointTimestamp.set({ partition: source.index }, Date.now() / 1_000);
      log.debug({ partition: source.index, name, seq, through, bytes, seconds }, "a checkpoint");
    } catch (error) {
      const code = error instanceof RuntimeError ? error.code : "unexpected";
      if (!this.#stopped) {
        metrics.checkpointFailures.inc({ code });
        log.warn(
          { partition: source.index, name, code, err: error },
          "a checkpoint was not written; it is tried again at the next interval",
        );
      }
    }
    progress.at = performance.now();
    // A slow server gets a pause as long as the write took.
    const restMs = Math.max(REST_FACTOR * writer.busyMs, progress.at - startedAt);
    this.#restUntil = progress.at + restMs;
  }

  #writerFor(source: CheckpointSource<State>): CheckpointWriter {
    const { service, schema, snapshot, settings, removed } = this.#options.logic;
    const removedBefore = removed(source.state);
    const { failures } = source;
    const configured = settings(source.state);
    return new CheckpointWriter({
      header: { service, partition: source.index, schema, stream: source.streamCreated },
      parts: snapshot(source.state),
      foldedSeq: () => source.foldedSeq,
      check: () => {
        if (this.#stopped || !source.running) throw abandoned("the partition ends");
        // The actors of a failed input stopped half-way. A replay without the failure would lead to another state.
        if (source.failures !== failures) throw abandoned("an actor failed meanwhile");
        // A restore starts all actors with the settings of the snapshot's beginning.
        if (settings(source.state) !== configured)
          throw abandoned("the settings changed meanwhile");
        if (removed(source.state) !== removedBefore)
          throw abandoned("an actor was removed meanwhile");
      },
    });
  }

  /** Removes the objects of earlier owners that no position names. */
  async #removeOrphans(sources: readonly CheckpointSource<State>[]): Promise<void> {
    const { logic, store, log } = this.#options;
    // Marks the partitions as seen, so that this cleaning runs once for each even where it fails.
    for (const source of sources) this.#progressOf(source);
    const names = await store.names();
    for (const source of sources) {
      const named = new Set(source.checkpoints.named.map(({ name }) => name));
      const prefix = `${logic.service}.${source.index}.`;
      for (const name of names) {
        if (!name.startsWith(prefix) || named.has(name)) continue;
        if (Number(name.slice(prefix.length).split(".")[0]) >= source.epoch) continue;
        await store.remove(name);
        log.info({ partition: source.index, name }, "a checkpoint that nobody names was removed");
      }
      await store.removeFragmentsBefore(prefix, source.epoch);
    }
    if (this.#fragmentsRemoved) return;
    await store.removeFragments(Date.now());
    this.#fragmentsRemoved = true;
  }
}

const abandoned = (why: string): RuntimeError =>
  new RuntimeError("MAPEK_CHECKPOINT_ABANDONED", why);
