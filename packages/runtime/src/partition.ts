import type { Position } from "@mapek/core/messages";
import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
} from "@nats-io/jetstream";
import type { Publication } from "./atomic-batch.ts";
import type { CommitSource, Committer } from "./committer.ts";
import type { Connection } from "./connect.ts";
import { RuntimeError } from "./errors.ts";
import { InputFolder, type InputFolderOptions } from "./input-folder.ts";
import { linkOf } from "./link.ts";
import { Ownership } from "./ownership.ts";
import { PendingOutputs } from "./pending-outputs.ts";
import { inputStreamOf } from "./streams.ts";

export interface PartitionOptions<State, Input> extends InputFolderOptions<State, Input> {
  readonly connection: Connection;
  /** Names this process in the position record. */
  readonly owner: string;
  readonly committer: Committer;
}

/** Outputs that may wait for their commit before folding pauses. */
const MAX_PENDING_OUTPUTS = 20_000;

/** How long the client waits before it asks for messages anew, where the server did not answer (in a restart). */
const PULL_EXPIRES_MS = 5_000;

/**
 * Bytes that the server may send ahead. 16 partitions together stay below its 64 MiB for a slow
 * consumer; a message of more than about a third of it would make the client wait for a heartbeat.
 */
const FETCH_BYTES = 3 * 1_024 * 1_024;

/**
 * One life of a partition in one process: claim, restore by replay, run, until it is stopped or
 * fenced. After that it is spent; the host starts another.
 *
 * Outputs of replayed inputs were committed by an earlier owner and are suppressed.
 */
export class Partition<State, Input> implements CommitSource {
  readonly index: number;
  readonly pending = new PendingOutputs();
  state: State;
  restored = false;
  historyTrimmed = false;
  /** When the last folded input was stored, ms since 1970, while there are more; else undefined. */
  behindSince: number | undefined;
  /** Set by the committer while a batch with this partition's position is under way. */
  committing = false;
  readonly #options: PartitionOptions<State, Input>;
  readonly #ownership: Ownership;
  readonly #folder: InputFolder<State, Input>;
  #folded = 0;
  #first = 0;
  #claimedAt = 0;
  #messages: ConsumerMessages | undefined;
  #failure: Error | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(options: PartitionOptions<State, Input>) {
    this.#options = options;
    const { connection, subjects, logic, partition } = options;
    this.index = partition;
    this.state = logic.create(partition);
    this.#ownership = new Ownership(connection, subjects, logic.service, partition);
    this.#folder = new InputFolder(options);
  }

  /** True while commits may carry this partition's outputs. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** True when something was folded that the stored position does not know yet. */
  get ahead(): boolean {
    return this.#folded > this.#ownership.position.input_seq;
  }

  /**
   * Claims the partition, replays its input up to the stored position and goes on from there.
   *
   * @returns when {@link stop} was called.
   * @throws {RuntimeError} MAPEK_PARTITION_FENCED or MAPEK_COMMIT_UNKNOWN: the state is worthless, claim anew.
   */
  async run(): Promise<void> {
    this.#claimedAt = performance.now();
    const link = linkOf(this.#options.connection.nc);
    await link.answer(() => this.#claim());
    while (!this.#stopped) {
      const consumer = await link.answer(() => this.#consumer());
      // A consumer ends with the connection: the client may take long to find out.
      const release = link.onLost(() => this.#messages?.stop());
      try {
        await this.#consume(consumer);
      } finally {
        release();
        // Otherwise the server keeps it for minutes.
        consumer.delete().catch(() => {});
      }
      if (link.connected && this.alive && !this.#stopped)
        throw new RuntimeError(
          "MAPEK_COMMIT_UNKNOWN",
          `partition ${this.index}: the consumer ended`,
        );
      await link.restored(() => this.#stopped || !this.alive);
      if (this.#failure !== undefined) throw this.#failure;
    }
  }

  /** A consumer of everything that is not folded yet. */
  async #consumer(): Promise<Consumer> {
    const { connection, logic, subjects } = this.#options;
    const filters = [subjects.input(logic.service, this.index)];
    if (logic.service === "learner") filters.push(subjects.samples(this.index));
    return await connection.js.consumers.get(inputStreamOf(logic.service), {
      filter_subjects: filters,
      ...(this.#folded === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { opt_start_seq: this.#folded + 1 }),
    });
  }

  async #consume(consumer: Consumer): Promise<void> {
    const { connection } = this.#options;
    if ((await consumer.info()).num_pending === 0) this.#onRestored();
    const maxBytes = Math.max(FETCH_BYTES, connection.nc.info?.max_payload ?? 0);
    this.#messages = await consumer.consume({ max_bytes: maxBytes, expires: PULL_EXPIRES_MS });
    if (this.#stopped) this.#messages.stop();
    for await (const message of this.#messages) {
      if (this.#failure !== undefined || this.#stopped) break;
      this.#fold(message);
      if (this.pending.length > MAX_PENDING_OUTPUTS) await this.#roomForOutputs();
    }
  }

  /** Ends folding; what is pending can still be committed. */
  stop(): void {
    this.#stopped = true;
    this.#messages?.stop();
    this.#wake?.();
  }

  /** Ends this life, for instance because a commit failed: the state is no longer known to agree with the log. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#messages?.stop();
    this.#wake?.();
  }

  /** The position record that stores everything folded up to the `count` first pending outputs. */
  positionFor(count: number, now: number): { position: Position; publication: Publication } {
    const { input_seq, outputs_done } = this.pending.positionAfter(count, this.#folded);
    const position = {
      ...this.#ownership.position,
      input_seq,
      outputs_done,
      first_seq: this.#first,
      time: now,
    };
    return { position, publication: this.#ownership.publication(position) };
  }

  /** Takes note of a commit: `token` is the sequence of the position record. */
  committed(count: number, position: Position, token: number): void {
    this.pending.drop(count);
    this.#ownership.stored(position, token);
    this.#wake?.();
  }

  async #claim(): Promise<void> {
    const newestSeq = await this.#ownership.claim(this.#options.owner);
    if (newestSeq < this.#ownership.position.input_seq) this.#onShorterStream(newestSeq);
  }

  #fold(message: JsMsg): void {
    const { seq } = message;
    if (seq <= this.#folded) return;
    if (this.#first === 0) this.#onFirst(seq);
    const { committer, metrics } = this.#options;
    const { input_seq, outputs_done } = this.#ownership.position;
    const fresh = seq > input_seq;
    const publications = this.#folder.fold(this.state, message, fresh);
    // The first outputs of an input are stored already where they did not fit into one commit.
    const done = seq === input_seq + 1 ? outputs_done : 0;
    if (fresh) this.pending.add(seq, publications.slice(done), done);
    this.#folded = seq;
    const left = message.info.pending;
    metrics.lag.set({ partition: this.index }, left);
    this.behindSince = left === 0 ? undefined : message.info.timestampNanos / 1e6;
    if (!this.restored && (seq >= this.#ownership.position.input_seq || left === 0))
      this.#onRestored();
    if (this.pending.length > 0) committer.notify(this);
  }

  #onFirst(seq: number): void {
    const expected = this.#ownership.position.first_seq;
    this.#first = expected === 0 ? seq : Math.min(expected, seq);
    if (expected !== 0 && seq > expected) this.#onTrimmed(seq);
  }

  /**
   * The stream ends before the stored position: its tail was lost, or it was made anew. What comes now
   * is new, although its sequences are not.
   */
  #onShorterStream(lastSeq: number): void {
    this.#reportTrimmed();
    this.#options.log.error(
      { partition: this.index, input_seq: this.#ownership.position.input_seq, newest_seq: lastSeq },
      "the stream has lost inputs that this partition had folded: its state is rebuilt from what is left",
    );
    const { position } = this.#ownership;
    this.#ownership.position = { ...position, input_seq: lastSeq, outputs_done: 0 };
  }

  #reportTrimmed(): void {
    this.historyTrimmed = true;
    this.#options.metrics.historyTrimmed.set({ partition: this.index }, 1);
  }

  #onTrimmed(seq: number): void {
    this.#reportTrimmed();
    const unread = seq > this.#ownership.position.input_seq + 1;
    const { first_seq, input_seq } = this.#ownership.position;
    this.#options.log.warn(
      { partition: this.index, first_seq, input_seq, oldest_seq: seq, inputs_may_be_lost: unread },
      "the stream no longer reaches back to this partition's first input: its state is rebuilt from what is left",
    );
  }

  #onRestored(): void {
    if (this.restored) return;
    this.restored = true;
    if (this.#first === 0 && this.#ownership.position.first_seq !== 0)
      this.#onTrimmed(this.#ownership.position.input_seq + 1);
    this.#options.metrics.restoreSeconds.observe((performance.now() - this.#claimedAt) / 1_000);
  }

  async #roomForOutputs(): Promise<void> {
    while (this.pending.length > MAX_PENDING_OUTPUTS && this.alive && !this.#stopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
