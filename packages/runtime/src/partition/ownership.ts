import { isDeepStrictEqual } from "node:util";
import { type ActorService, type Position, position, type Subjects } from "@mapek/core/contract";
import { type Publication, publishAtomically } from "../nats/atomic-batch.ts";
import type { Connection } from "../nats/connect.ts";
import { inputStreamOf, STREAMS } from "../nats/streams.ts";

const NOTHING_FOLDED: Position = {
  version: 1,
  input_seq: 0,
  first_seq: 0,
  outputs_done: 0,
  checkpoints: [],
  owner: "",
  epoch: 0,
  time: 0,
};

/**
 * The position record of one partition. The record's sequence is the fencing token: the process that writes the record
 * with that sequence expected owns the partition, and all others are refused.
 */
export class Ownership {
  position = NOTHING_FOLDED;
  #token = 0;
  readonly #connection: Connection;
  readonly #service: ActorService;
  readonly #subject: string;

  constructor(
    connection: Connection,
    subjects: Subjects,
    service: ActorService,
    partition: number,
  ) {
    this.#connection = connection;
    this.#service = service;
    this.#subject = subjects.position(service, partition);
  }

  /**
   * Claims the partition: from now on commits of the previous owner are refused.
   *
   * @returns The newest sequence of the input stream; lower than the position where the stream has lost its tail.
   * @throws {RuntimeError} MAPEK_PARTITION_FENCED where another process was faster.
   */
  async claim(owner: string): Promise<number> {
    const { jsm, nc } = this.#connection;
    await this.read();
    const claim = { ...this.position, owner, epoch: this.position.epoch + 1, time: Date.now() };
    this.#token = await publishAtomically(nc, [this.publication(claim)]);
    this.position = claim;
    return (await jsm.streams.info(inputStreamOf(this.#service))).state.last_seq;
  }

  /** Reads the stored position of any owner, without a claim. */
  async read(): Promise<void> {
    const stored = await this.#stored();
    this.#token = stored?.seq ?? 0;
    if (stored === null) {
      this.position = NOTHING_FOLDED;
      return;
    }
    const decoded = position.decode(stored.data);
    if (!decoded.ok) throw decoded.error;
    this.position = decoded.value;
  }

  /** True where no other process has written the record since the last read or commit. */
  async holds(): Promise<boolean> {
    const before = this.#token;
    const stored = await this.#stored();
    // `#token` may have changed during the request: a commit of this owner is no other owner.
    return stored?.seq === before || stored?.seq === this.#token;
  }

  /**
   * Finds out whether a position is stored.
   *
   * @returns The sequence of its record; "missing" where it is not stored (and may still arrive); "foreign" where
   * another process has written.
   */
  async outcomeOf(attempt: Position): Promise<number | "missing" | "foreign"> {
    const stored = await this.#stored();
    if ((stored?.seq ?? 0) === this.#token) return "missing";
    if (stored === null || !isDeepStrictEqual(stored.json(), attempt)) return "foreign";
    return stored.seq;
  }

  #stored() {
    const { jsm } = this.#connection;
    return jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj: this.#subject });
  }

  /** The message that stores a position. The server refuses it once the partition has another owner. */
  publication(next: Position): Publication {
    return {
      subject: this.#subject,
      data: position.encode(next),
      expectedLastSubjectSequence: this.#token,
      rollup: true,
    };
  }

  /** Records that a position is stored; the sequence of its record is the new token. */
  stored(next: Position, token: number): void {
    this.position = next;
    this.#token = token;
  }
}
