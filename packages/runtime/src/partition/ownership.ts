import { isDeepStrictEqual } from "node:util";
import { type ActorService, type Position, position, type Subjects } from "@mapek/core/messages";
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
 * The position record of one partition, as its owner holds it. The record's sequence is the fencing
 * token: whoever writes the record next, with that sequence expected, has the partition.
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
   * Takes the partition over: from now on the commits of the owner before fail.
   *
   * @returns The newest sequence of the input stream, which is below the position where its tail was lost.
   * @throws {RuntimeError} MAPEK_PARTITION_FENCED where somebody else was faster.
   */
  async claim(owner: string): Promise<number> {
    const { jsm, nc } = this.#connection;
    await this.read();
    const claim = { ...this.position, owner, epoch: this.position.epoch + 1, time: Date.now() };
    this.#token = await publishAtomically(nc, [this.publication(claim)]);
    this.position = claim;
    return (await jsm.streams.info(inputStreamOf(this.#service))).state.last_seq;
  }

  /** Takes note of the stored position, whoever wrote it; claims nothing. */
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

  /** Whether nobody else has written the record since. */
  async holds(): Promise<boolean> {
    const before = this.#token;
    const stored = await this.#stored();
    // What this owner itself stored meanwhile is no foreign hand.
    return stored?.seq === before || stored?.seq === this.#token;
  }

  /**
   * What became of an attempt to store a position: the sequence of its record, "missing" where it is not stored (and
   * may still come), "foreign" where somebody else has written.
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

  /** The record that stores a position, refused by the server once the partition has another owner. */
  publication(next: Position): Publication {
    return {
      subject: this.#subject,
      data: position.encode(next),
      expectedLastSubjectSequence: this.#token,
      rollup: true,
    };
  }

  /** Takes note of a stored record; its sequence is the new token. */
  stored(next: Position, token: number): void {
    this.position = next;
    this.#token = token;
  }
}
