import { type Position, position as positionMessage, type Subjects } from "@mapek/core/messages";
import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
} from "@nats-io/jetstream";
import type { Output, PartitionLogic } from "./actor.ts";
import { type Publication, publishAtomically } from "./atomic-batch.ts";
import type { Committer } from "./committer.ts";
import type { Connection } from "./connect.ts";
import { deadLetter } from "./dead-letters.ts";
import { RuntimeError } from "./errors.ts";
import { linkOf } from "./link.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { PendingOutputs } from "./pending-outputs.ts";
import { publicationsOf } from "./publication.ts";
import { inputStreamOf, STREAMS } from "./streams.ts";

export interface PartitionOptions<State, Input> {
  readonly connection: Connection;
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  readonly partition: number;
  readonly partitions: number;
  /** Names this process in the position record. */
  readonly owner: string;
  readonly committer: Committer;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Told of each input that was folded for the first time. */
  readonly onFolded: (input: Input, outputs: readonly Output[], ageMs: number) => void;
}

/** Outputs that may wait for their commit before folding pauses. */
const MAX_PENDING_OUTPUTS = 20_000;

/** An actor whose output is larger than this has failed: a server with default limits would refuse it for ever. */
const MAX_OUTPUT_BYTES = 1_000_000;

/** How long the client waits before it asks for messages anew, where the server did not answer (in a restart). */
const PULL_EXPIRES_MS = 5_000;

/** Bytes that the server may send ahead; 16 partitions together stay well below its 64 MiB for a slow consumer. */
const FETCH_BYTES = 2 * 1_024 * 1_024;

const NOTHING_FOLDED: Position = {
  version: 1,
  input_seq: 0,
  first_seq: 0,
  outputs_done: 0,
  owner: "",
  epoch: 0,
  time: 0,
};

/**
 * One life of a partition in one process: claim, restore by replay, run, until it is stopped or
 * fenced. After that it is spent; the host starts another.
 *
 * Outputs of replayed inputs were committed by an earlier owner and are suppressed.
 */
export class Partition<State, Input> {
  readonly index: number;
  readonly pending = new PendingOutputs();
  state: State;
  restored = false;
  historyTrimmed = false;
  /** Set by the committer while a batch with this partition's position is under way. */
  committing = false;
  readonly #options: PartitionOptions<State, Input>;
  #position = NOTHING_FOLDED;
  #token = 0;
  #folded = 0;
  #first = 0;
  #claimedAt = 0;
  #messages: ConsumerMessages | undefined;
  #failure: Error | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(options: PartitionOptions<State, Input>) {
    this.#options = options;
    this.index = options.partition;
    this.state = options.logic.create(options.partition);
  }

  /** True while commits may carry this partition's outputs. */
  get alive(): boolean {
    return this.#failure === undefined;
  }

  /** True when something was folded that the stored position does not know yet. */
  get ahead(): boolean {
    return this.#folded > this.#position.input_seq;
  }

  /**
   * Claims the partition, replays its input up to the stored position and goes on from there.
   *
   * @returns when {@link stop} was called.
   * @throws {RuntimeError} MAPEK_PARTITION_FENCED or MAPEK_COMMIT_UNKNOWN: the state is worthless, claim anew.
   */
  async run(): Promise<void> {
    this.#claimedAt = performance.now();
    const consumer = await linkOf(this.#options.connection.nc).answer(() => this.#prepare());
    try {
      await this.#consume(consumer);
    } finally {
      // Otherwise the server keeps it for minutes.
      consumer.delete().catch(() => {});
    }
  }

  async #prepare(): Promise<Consumer> {
    await this.#claim();
    const { connection, logic, subjects } = this.#options;
    const stream = inputStreamOf(logic.service);
    const { state } = await connection.jsm.streams.info(stream);
    if (state.last_seq < this.#position.input_seq) this.#onShorterStream(state.last_seq);
    const filters = [subjects.input(logic.service, this.index)];
    if (logic.service === "learner") filters.push(subjects.samples(this.index));
    return await connection.js.consumers.get(stream, {
      filter_subjects: filters,
      deliver_policy: DeliverPolicy.All,
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
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#stopped)
      throw new RuntimeError("MAPEK_COMMIT_UNKNOWN", `partition ${this.index}: the consumer ended`);
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
      ...this.#position,
      input_seq,
      outputs_done,
      first_seq: this.#first,
      time: now,
    };
    return { position, publication: this.#positionPublication(position, this.#token) };
  }

  /** Takes note of a commit: `token` is the sequence of the position record. */
  committed(count: number, position: Position, token: number): void {
    this.pending.drop(count);
    this.#position = position;
    this.#token = token;
    this.#wake?.();
  }

  async #claim(): Promise<void> {
    const { connection, owner, subjects, logic } = this.#options;
    const subject = subjects.position(logic.service, this.index);
    const stored = await connection.jsm.streams.getMessage(STREAMS.knowledge, {
      last_by_subj: subject,
    });
    let found = NOTHING_FOLDED;
    if (stored !== null) {
      const decoded = positionMessage.decode(stored.data);
      if (!decoded.ok) throw decoded.error;
      found = decoded.value;
    }
    const claim = { ...found, owner, epoch: found.epoch + 1, time: Date.now() };
    this.#token = await publishAtomically(connection.nc, [
      this.#positionPublication(claim, stored?.seq ?? 0),
    ]);
    this.#position = claim;
  }

  #positionPublication(position: Position, token: number): Publication {
    const { subjects, logic } = this.#options;
    return {
      subject: subjects.position(logic.service, this.index),
      data: positionMessage.encode(position),
      expectedLastSubjectSequence: token,
      rollup: true,
    };
  }

  #fold(message: JsMsg): void {
    const { seq } = message;
    if (seq <= this.#folded) return;
    if (this.#first === 0) this.#onFirst(seq);
    const { committer, metrics } = this.#options;
    const { input_seq, outputs_done } = this.#position;
    const fresh = seq > input_seq;
    const publications = this.#receive(message, fresh);
    // The first outputs of an input are stored already where they did not fit into one commit.
    const done = seq === input_seq + 1 ? outputs_done : 0;
    if (fresh) this.pending.add(seq, publications.slice(done), done);
    this.#folded = seq;
    metrics.inputs.inc();
    const left = message.info.pending;
    metrics.lag.set({ partition: this.index }, left);
    if (!this.restored && (seq >= this.#position.input_seq || left === 0)) this.#onRestored();
    if (this.pending.length > 0) committer.notify(this);
  }

  /**
   * What an input leads to. One that is refused, or on which the actor fails, leads to a dead letter,
   * at each replay the same.
   */
  #receive(message: JsMsg, fresh: boolean): Publication[] {
    const { logic, log } = this.#options;
    try {
      const decoded = logic.decode(message.subject, message.data);
      if (!decoded.ok)
        return this.#refuse(message, fresh, decoded.error.code, decoded.error.detail);
      const outputs = logic.receive(this.state, decoded.value);
      if (!fresh) return [];
      const publications = this.#publicationsOf(outputs);
      this.#tell(decoded.value, outputs, message);
      return publications;
    } catch (error) {
      if (fresh)
        log.error(
          { partition: this.index, seq: message.seq, err: error },
          "an actor failed on an input",
        );
      return this.#refuse(message, fresh, "MAPEK_ACTOR_FAILED", String(error));
    }
  }

  #publicationsOf(outputs: readonly Output[]): Publication[] {
    const { subjects, partitions } = this.#options;
    const publications = outputs.flatMap((output) => publicationsOf(output, subjects, partitions));
    const large = publications.find(({ data }) => data.length > MAX_OUTPUT_BYTES);
    if (large !== undefined)
      throw new RangeError(`an output of ${large.data.length} bytes, at most ${MAX_OUTPUT_BYTES}`);
    return publications;
  }

  /** Metrics must not change what is stored: a fault in them is logged, and that is all. */
  #tell(input: Input, outputs: readonly Output[], message: JsMsg): void {
    const { log, onFolded } = this.#options;
    try {
      onFolded(input, outputs, Date.now() - message.info.timestampNanos / 1e6);
    } catch (error) {
      log.error({ partition: this.index, seq: message.seq, err: error }, "a metric was not taken");
    }
  }

  #refuse(message: JsMsg, fresh: boolean, code: string, reason: string): Publication[] {
    if (!fresh) return [];
    const { logic, metrics } = this.#options;
    metrics.rejected.inc({ code });
    const { service } = logic;
    const timestamp = Math.floor(message.info.timestampNanos / 1e6);
    const letter = deadLetter(service, code, reason, message.subject, message.data, timestamp);
    return this.#publicationsOf([
      { to: "log", family: "rejected", tokens: [service], message: letter },
    ]);
  }

  #onFirst(seq: number): void {
    const expected = this.#position.first_seq;
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
      { partition: this.index, input_seq: this.#position.input_seq, newest_seq: lastSeq },
      "the stream has lost inputs that this partition had folded: its state is rebuilt from what is left",
    );
    this.#position = { ...this.#position, input_seq: lastSeq, outputs_done: 0 };
  }

  #reportTrimmed(): void {
    this.historyTrimmed = true;
    this.#options.metrics.historyTrimmed.set({ partition: this.index }, 1);
  }

  #onTrimmed(seq: number): void {
    this.#reportTrimmed();
    const unread = seq > this.#position.input_seq + 1;
    const { first_seq, input_seq } = this.#position;
    this.#options.log.warn(
      { partition: this.index, first_seq, input_seq, oldest_seq: seq, inputs_may_be_lost: unread },
      "the stream no longer reaches back to this partition's first input: its state is rebuilt from what is left",
    );
  }

  #onRestored(): void {
    if (this.restored) return;
    this.restored = true;
    if (this.#first === 0 && this.#position.first_seq !== 0)
      this.#onTrimmed(this.#position.input_seq + 1);
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
