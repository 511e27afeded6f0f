import type { Position } from "@mapek/core/messages";
import type { NatsConnection } from "@nats-io/transport-node";
import { MAX_BATCH_MESSAGES, type Publication, publishAtomically } from "./atomic-batch.ts";
import { RuntimeError } from "./errors.ts";
import { bundlePublications } from "./input-bundle.ts";
import type { Lease } from "./lease.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { PendingOutputs } from "./pending-outputs.ts";

/** What commits are made for: a partition, as far as the committer knows it. */
export interface CommitSource {
  readonly index: number;
  /** Outputs that wait for their commit. */
  readonly pending: PendingOutputs;
  /** False once its state is worthless: nothing of it may be stored any more. */
  readonly alive: boolean;
  /** True when something was folded that the stored position does not know yet. */
  readonly ahead: boolean;
  /** Kept by the committer: whether a batch with this source's position is under way. */
  committing: boolean;
  /** The position record that stores everything up to the `count` first pending outputs. */
  positionFor(count: number, now: number): { position: Position; publication: Publication };
  committed(count: number, position: Position, token: number): void;
  fail(error: Error): void;
}

interface Share {
  readonly partition: CommitSource;
  readonly count: number;
}

/** Milliseconds for which outputs gather before a commit starts. */
const LINGER_MS = 4;

/**
 * Stores outputs and positions of all partitions of one instance: one atomic batch at a time, with as
 * many partitions in it as fit; what gathers meanwhile goes along with the next one.
 */
export class Committer {
  readonly #nc: NatsConnection;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #waiting = new Set<CommitSource>();
  readonly #lease: Lease;
  #running: Promise<void> | undefined;
  #ending = false;

  constructor(nc: NatsConnection, metrics: Metrics, log: Logger, lease: Lease) {
    this.#nc = nc;
    this.#metrics = metrics;
    this.#log = log;
    this.#lease = lease;
  }

  /** From now on nothing waits for a lost lease: what cannot be stored is replayed by the next owner. */
  end(): void {
    this.#ending = true;
  }

  /** Says that a partition has outputs to store. Cost: O(1). */
  notify(partition: CommitSource): void {
    this.#waiting.add(partition);
    this.#running ??= this.#run();
  }

  /** Resolves once everything that the partition has folded is stored, or the partition has failed. */
  async flush(partition: CommitSource): Promise<void> {
    while (partition.alive && (partition.pending.length > 0 || partition.committing)) {
      this.notify(partition);
      await this.#running;
    }
    await this.storePosition(partition);
  }

  /** Stores the position of a partition without outputs: it saves replay, nothing else. */
  async storePosition(partition: CommitSource): Promise<void> {
    if (
      this.#lease.valid &&
      partition.alive &&
      partition.ahead &&
      partition.pending.length === 0 &&
      !partition.committing
    )
      await this.#commit([{ partition, count: 0 }]);
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS));
    for (;;) {
      if (!this.#lease.valid) await this.#lease.regained(() => this.#ending);
      const shares = this.#gather();
      if (shares.length === 0) break;
      await this.#commit(shares);
    }
    // In the same turn as the last look at who waits: whoever is notified from now on starts anew.
    this.#running = undefined;
  }

  /** Divides the room of one batch among the waiting partitions, first come first served. */
  #gather(): Share[] {
    const shares: Share[] = [];
    let room = MAX_BATCH_MESSAGES;
    for (const partition of this.#waiting) {
      const count = Math.min(partition.pending.length, room - 1);
      if (count <= 0 && partition.pending.length > 0) break;
      this.#waiting.delete(partition);
      // One whose commit is under way comes back when that has ended.
      if (!partition.alive || partition.committing || count === 0) continue;
      shares.push({ partition, count });
      room -= count + 1;
      if (room < 2) break;
    }
    return shares;
  }

  /** Stores the shares; what a partition did not bring in, or gathered meanwhile, goes to the end of the queue. */
  async #commit(shares: readonly Share[]): Promise<void> {
    for (const { partition } of shares) partition.committing = true;
    await this.#store(shares);
    for (const { partition } of shares) {
      partition.committing = false;
      if (partition.alive && partition.pending.length > 0) this.notify(partition);
    }
  }

  async #store(shares: readonly Share[]): Promise<void> {
    const outputs = shares.flatMap(({ partition, count }) => partition.pending.first(count));
    const messages = bundlePublications(outputs);
    const now = Date.now();
    const commits = shares.map(({ partition, count }) => {
      const { position, publication } = partition.positionFor(count, now);
      const offset = messages.push(publication) - 1;
      return { partition, count, position, offset };
    });
    const startedAt = performance.now();
    try {
      const first = await publishAtomically(this.#nc, messages);
      for (const { partition, count, position, offset } of commits)
        partition.committed(count, position, first + offset);
      this.#metrics.commitSeconds.observe((performance.now() - startedAt) / 1_000);
      for (const { subject } of messages) this.#count(subject);
    } catch (error) {
      await this.#onFailure(shares, error);
    }
  }

  /** A refused batch stored nothing, so its partitions are tried alone; one that is refused alone, or unsure, fails. */
  async #onFailure(shares: readonly Share[], error: unknown): Promise<void> {
    const failure =
      error instanceof RuntimeError
        ? error
        : new RuntimeError("MAPEK_COMMIT_UNKNOWN", String(error), { cause: error });
    this.#metrics.commitFailures.inc({ code: failure.code });
    const refused = failure.code !== "MAPEK_COMMIT_UNKNOWN";
    if (refused && shares.length > 1) {
      for (const share of shares) await this.#store([share]);
      return;
    }
    for (const { partition } of shares) {
      this.#log.warn(
        { partition: partition.index, code: failure.code, err: failure },
        "a commit failed: the partition is claimed anew",
      );
      partition.fail(failure);
    }
  }

  #count(subject: string): void {
    const [, kind, family] = subject.split(".");
    if (kind === "log") this.#metrics.outputs.inc({ family: family ?? "" });
  }
}
