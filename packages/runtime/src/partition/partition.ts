import type { Position } from "@mapek/core/contract";
import type { JsMsg } from "@nats-io/jetstream";
import type { CheckpointSource } from "../checkpoint/checkpointer.ts";
import { PartitionCheckpoints } from "../checkpoint/partition-checkpoints.ts";
import { readInputStream, restoreState } from "../checkpoint/restore.ts";
import type { SavedAt } from "../checkpoint/saved-at.ts";
import { RuntimeError } from "../errors.ts";
import type { Publication } from "../nats/atomic-batch.ts";
import { type Link, linkOf } from "../nats/link.ts";
import { inputStreamOf } from "../nats/streams.ts";
import type { CommitSource } from "./committer.ts";
import { HistoryWatch } from "./history-watch.ts";
import { InputFolder } from "./input-folder.ts";
import { InputReader } from "./input-reader.ts";
import { OwnerFollower } from "./owner-follower.ts";
import { Ownership } from "./ownership.ts";
import type { PartitionOptions } from "./partition-options.ts";
import { PendingOutputs } from "./pending-outputs.ts";
import { Wakeup } from "./wakeup.ts";

/** Folding pauses while more outputs than this wait for their commit. */
const MAX_PENDING_OUTPUTS = 20_000;

const RETRY_MS = 100;
/**
 * One run of a partition in one process: claim, restore from a checkpoint and by replay, fold, until it is stopped or
 * fenced. A `Partition` is used once; the slot makes another.
 *
 * A follower restores first and stays close behind the owner's stored position; when the owner has released the
 * partition, the follower claims it and goes on from there.
 *
 * Outputs of replayed inputs are dropped: an earlier owner committed them.
 */
export class Partition<State, Input> implements CommitSource, CheckpointSource<State> {
  readonly index: number;
  readonly pending = new PendingOutputs();
  checkpoints = new PartitionCheckpoints();
  streamCreated = "";
  state: State;
  /** Owner: has folded up to the stored position. Follower: is close behind the owner. */
  restored = false;
  claimed = false;
  /** When the last folded input was stored, ms since 1970; undefined where no further input is stored. */
  behindSince: number | undefined;
  /** Set by the committer while a batch with this partition's position is under way. */
  committing = false;
  readonly #options: PartitionOptions<State, Input>;
  readonly #ownership: Ownership;
  readonly #folder: InputFolder<State, Input>;
  #folded = 0;
  #savedAt: SavedAt | undefined;
  #first = 0;
  #startedAt = 0;
  #failure: Error | undefined;
  #stopped = false;
  readonly #reader: InputReader;
  readonly #follower: OwnerFollower;
  readonly #history: HistoryWatch;
  readonly #link: Link;
  /** Notified at each change for which this object may wait. */
  readonly #wakeup = new Wakeup();

  constructor(options: PartitionOptions<State, Input>) {
    this.#options = options;
    const { connection, subjects, logic, partition } = options;
    this.index = partition;
    this.state = logic.create(partition);
    this.#ownership = new Ownership(connection, subjects, logic.service, partition);
    this.#link = linkOf(connection.nc);
    this.#follower = new OwnerFollower(this.#ownership, this.#link, this.#wakeup);
    this.#history = new HistoryWatch(options);
    this.#folder = new InputFolder(options);
    const own = [subjects.input(logic.service, partition)];
    if (logic.service === "learner") own.push(subjects.samples(partition));
    const stream = inputStreamOf(logic.service);
    this.#reader = new InputReader({ connection, stream, subjects: own, log: options.log });
  }

  /** True while commits may carry this partition's outputs. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** True when inputs were folded, or a checkpoint waits, that the stored position does not cover. */
  get ahead(): boolean {
    return (
      this.#folded > this.#ownership.position.input_seq || this.checkpoints.isWaiting(this.#folded)
    );
  }

  /** True where the stream no longer holds all inputs that the state needs. */
  get historyTrimmed(): boolean {
    return this.#history.trimmed;
  }
  get running(): boolean {
    return this.claimed && this.restored && this.alive && !this.#stopped;
  }
  get epoch(): number {
    return this.#ownership.position.epoch;
  }
  get foldedSeq(): number {
    return this.#folded;
  }
  get failures(): number {
    return this.#folder.failures;
  }

  /**
   * Claims the partition (a follower does not), replays its inputs up to the stored position and goes on.
   *
   * @returns After {@link stop}.
   * @throws {RuntimeError} MAPEK_PARTITION_FENCED or MAPEK_COMMIT_UNKNOWN: the state is useless.
   */
  async run(): Promise<void> {
    this.#startedAt = performance.now();
    if (this.#options.follow) await this.#follower.look();
    else await this.#claim();
    await this.#restore();
    const inputs = this.#reader.read(
      () => this.#folded,
      () => this.#onRestored(),
    );
    for await (const message of inputs) {
      // Messages in memory arrive without a turn of the event loop: without this rest, timers would starve.
      while (this.#options.slices.isOver) await this.#options.slices.rest();
      if (!this.#mayFold(message.seq)) await this.#untilMayFold(message.seq);
      if (this.#failure !== undefined || this.#stopped) break;
      this.#fold(message);
      if (this.pending.length > MAX_PENDING_OUTPUTS) await this.#roomForOutputs();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Turns a follower into the owner. Where this fails, {@link run} throws. */
  async promote(): Promise<void> {
    try {
      await this.#follower.end();
      await this.#claim();
      if (this.#ownership.position.input_seq < this.#folded)
        throw new RuntimeError(
          "MAPEK_PARTITION_FENCED",
          `partition ${this.index}: the position went back while it was followed`,
        );
      this.checkpoints = new PartitionCheckpoints(this.#ownership.position.checkpoints);
      this.restored &&= this.#folded === this.#ownership.position.input_seq;
      this.#wakeup.notify();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Fails where another process has claimed the partition: an owner without outputs would not notice. */
  async verify(): Promise<void> {
    const holds = await this.#link.answer(() => this.#ownership.holds()).catch(() => true);
    if (!holds && this.alive)
      this.fail(
        new RuntimeError("MAPEK_PARTITION_FENCED", `partition ${this.index} has another owner`),
      );
  }

  /** Ends folding; pending outputs can still be committed. */
  stop(): void {
    this.#stopped = true;
    this.#reader.stop();
    this.#wakeup.notify();
  }

  /** Ends the run, for instance after a failed commit: the state may disagree with the log. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#reader.stop();
    this.#wakeup.notify();
  }

  /** The position record for everything up to the first `count` pending outputs. */
  positionFor(count: number, now: number): { position: Position; publication: Publication } {
    const { input_seq, outputs_done } = this.pending.positionAfter(count, this.#folded);
    const position = {
      ...this.#ownership.position,
      input_seq,
      outputs_done,
      first_seq: this.#first,
      checkpoints: this.checkpoints.namesFor(input_seq),
      time: now,
    };
    return { position, publication: this.#ownership.publication(position) };
  }

  /** Records a commit; `token` is the sequence of the position record. */
  committed(count: number, position: Position, token: number): void {
    this.pending.drop(count);
    this.#ownership.stored(position, token);
    this.checkpoints.stored(position.checkpoints);
    this.#wakeup.notify();
  }

  async outcomeOf(position: Position): Promise<number | "missing" | "foreign" | undefined> {
    // A stopped partition need not know: the next owner replays what is not stored.
    while (this.alive && !this.#stopped) {
      try {
        return await this.#link.answer(() => this.#ownership.outcomeOf(position));
      } catch {
        await this.#wakeup.wait(RETRY_MS);
      }
    }
    return undefined;
  }

  async #claim(): Promise<void> {
    const { owner } = this.#options;
    const newestSeq = await this.#link.answer(() => this.#ownership.claim(owner));
    if (newestSeq < this.#ownership.position.input_seq) this.#onShorterStream(newestSeq);
    this.claimed = true;
    this.#options.onClaimed();
  }

  /** An owner may fold while its lease is valid; a follower only up to the owner's stored position. */
  #mayFold(seq: number): boolean {
    return this.#options.lease.valid && (this.claimed || seq <= this.#ownership.position.input_seq);
  }

  async #untilMayFold(seq: number): Promise<void> {
    const { lease } = this.#options;
    const over = () => !this.alive || this.#stopped;
    while (!over() && !this.#mayFold(seq)) {
      if (!lease.valid) await lease.regained(over);
      else await this.#follower.next(() => this.#onRestored());
    }
  }

  async #restore(): Promise<void> {
    const { position } = this.#ownership;
    const stream = await readInputStream(this.#options.connection, this.#options.logic.service);
    const { state, seq, savedAt, hasGap } = await restoreState(this.#options, position, stream);
    this.state = state;
    this.#folded = seq;
    this.#savedAt = savedAt;
    this.streamCreated = stream.created;
    this.checkpoints = new PartitionCheckpoints(position.checkpoints);
    // The inputs before the checkpoint are no longer needed from the stream.
    if (savedAt !== undefined) this.#first = position.first_seq;
    if (hasGap) this.#history.onTrimmed(position, stream.firstSeq);
  }

  #fold(message: JsMsg): void {
    const { seq } = message;
    if (seq <= this.#folded) return;
    if (this.#first === 0) this.#onFirst(seq);
    const { committer, metrics } = this.#options;
    const { input_seq, outputs_done } = this.#ownership.position;
    const fresh = seq > input_seq;
    const publications = this.#folder.fold(
      this.state,
      message,
      fresh,
      this.#savedAt?.hasFolded(seq),
    );
    // An input with more outputs than one commit carries may have its first outputs stored already.
    const done = seq === input_seq + 1 ? outputs_done : 0;
    if (fresh) this.pending.add(seq, publications.slice(done), done);
    this.#folded = seq;
    const left = message.info.pending;
    if (this.claimed) metrics.lag.set({ partition: this.index }, left);
    this.behindSince = left === 0 ? undefined : message.info.timestampNanos / 1e6;
    if (!this.restored && (seq >= this.#ownership.position.input_seq || left === 0))
      this.#onRestored();
    if (this.pending.length > 0) committer.notify(this);
  }

  #onFirst(seq: number): void {
    const expected = this.#ownership.position.first_seq;
    this.#first = expected === 0 ? seq : Math.min(expected, seq);
    if (expected !== 0 && seq > expected) this.#history.onTrimmed(this.#ownership.position, seq);
  }

  /**
   * The stream ends before the stored position: its tail was lost, or it was created anew. So the next inputs are new,
   * although their sequences are not.
   */
  #onShorterStream(lastSeq: number): void {
    const { position } = this.#ownership;
    this.#history.onShortened(position, lastSeq);
    this.#ownership.position = { ...position, input_seq: lastSeq, outputs_done: 0 };
  }

  #onRestored(): void {
    if (this.restored) return;
    this.restored = true;
    const { position } = this.#ownership;
    if (this.#first === 0 && position.first_seq !== 0)
      this.#history.onTrimmed(position, position.input_seq + 1);
    this.#options.metrics.restoreSeconds.observe((performance.now() - this.#startedAt) / 1_000);
  }

  async #roomForOutputs(): Promise<void> {
    const isFull = () => this.pending.length > MAX_PENDING_OUTPUTS;
    while (isFull() && this.alive && !this.#stopped) await this.#wakeup.wait();
  }
}
