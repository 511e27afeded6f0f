import { type ActorService, type Position, position, type Subjects } from "@mapek/core/messages";
import { type Publication, publishAtomically } from "./atomic-batch.ts";
import type { Connection } from "./connect.ts";
import { inputStreamOf, STREAMS } from "./streams.ts";

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
    // From any replica, for there may be no leader now; were it an old record, the claim is refused.
    const stored = await jsm.direct.getMessage(STREAMS.knowledge, { last_by_subj: this.#subject });
    let found = NOTHING_FOLDED;
    if (stored !== null) {
      const decoded = position.decode(stored.data);
      if (!decoded.ok) throw decoded.error;
      found = decoded.value;
    }
    this.#token = stored?.seq ?? 0;
    const claim = { ...found, owner, epoch: found.epoch + 1, time: Date.now() };
    this.#token = await publishAtomically(nc, [this.publication(claim)]);
    this.position = claim;
    return (await jsm.streams.info(inputStreamOf(this.#service))).state.last_seq;
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
