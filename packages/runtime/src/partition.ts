import {
  type Position,
  position as positionMessage,
  REJECTED_PAYLOAD_BYTES,
  type Subjects,
} from "@mapek/core/messages";
import { type ConsumerMessages, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import type { Output, PartitionLogic } from "./actor.ts";
import { type Publication, publishAtomically } from "./atomic-batch.ts";
import type { Committer } from "./committer.ts";
import type { Connection } from "./connect.ts";
import { RuntimeError } from "./errors.ts";
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
  #skipOutputs = 0;
  #claimedAt = 0;
  #messages: ConsumerMessages | undefined;
  #failure: RuntimeError | undefined;
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
    await this.#claim();
    const { connection, logic, subjects } = this.#options;
    const stream = inputStreamOf(logic.service);
    const filters = [subjects.input(logic.service, this.index)];
    if (logic.service === "learner") filters.push(subjects.samples(this.index));
    const consumer = await connection.js.consumers.get(stream, {
      filter_subjects: filters,
      deliver_policy: DeliverPolicy.All,
    });
    if ((await consumer.info()).num_pending === 0) this.#onRestored();
    if (this.#stopped) return;
    this.#messages = await consumer.consume({ max_messages: 256 });
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

  /** Called by the committer when a commit failed: the state is no longer known to agree with the log. */
  fail(error: RuntimeError): void {
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
    this.#skipOutputs = claim.outputs_done;
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
    const { subjects, partitions, committer, metrics } = this.#options;
    const outputs = this.#receive(message);
    if (seq > this.#position.input_seq) {
      const publications = outputs.flatMap((output) =>
        publicationsOf(output, subjects, partitions),
      );
      this.pending.add(seq, publications.slice(this.#skipOutputs), this.#skipOutputs);
      this.#skipOutputs = 0;
    }
    this.#folded = seq;
    metrics.inputs.inc();
    const left = message.info.pending;
    metrics.lag.set({ partition: this.index }, left);
    if (!this.restored && (seq >= this.#position.input_seq || left === 0)) this.#onRestored();
    if (this.pending.length > 0) committer.notify(this);
  }

  #receive(message: JsMsg): Output[] {
    const { logic, log, metrics } = this.#options;
    const decoded = logic.decode(message.subject, message.data);
    if (decoded.ok) {
      try {
        const outputs = logic.receive(this.state, decoded.value);
        if (message.seq > this.#position.input_seq)
          this.#options.onFolded(
            decoded.value,
            outputs,
            Date.now() - message.info.timestampNanos / 1e6,
          );
        return outputs;
      } catch (error) {
        log.error(
          { partition: this.index, seq: message.seq, err: error },
          "an actor failed on an input",
        );
        metrics.rejected.inc({ code: "MAPEK_ACTOR_FAILED" });
        return [this.#deadLetter(message, "MAPEK_ACTOR_FAILED", String(error))];
      }
    }
    metrics.rejected.inc({ code: decoded.error.code });
    return [this.#deadLetter(message, decoded.error.code, decoded.error.detail)];
  }

  #deadLetter(message: JsMsg, code: string, reason: string): Output {
    const { service } = this.#options.logic;
    const payload = Buffer.from(message.data.subarray(0, REJECTED_PAYLOAD_BYTES)).toString(
      "base64",
    );
    const timestamp = Math.floor(message.info.timestampNanos / 1e6);
    return {
      to: "log",
      family: "rejected",
      tokens: [service],
      message: {
        version: 1,
        service,
        code,
        reason,
        subject: message.subject,
        payload,
        payload_bytes: message.data.length,
        timestamp,
      },
    };
  }

  #onFirst(seq: number): void {
    const expected = this.#position.first_seq;
    this.#first = expected === 0 ? seq : expected;
    if (expected !== 0 && seq > expected) this.#onTrimmed(seq);
  }

  #onTrimmed(seq: number): void {
    this.historyTrimmed = true;
    this.#options.metrics.historyTrimmed.set({ partition: this.index }, 1);
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
