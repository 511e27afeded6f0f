import type { Position } from "@mapek/core/messages";
import type { NatsConnection } from "@nats-io/transport-node";
import { bundlePublications } from "../doors/input-bundle.ts";
import { RuntimeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Lease } from "../membership/lease.ts";
import type { Metrics } from "../metrics.ts";
import { MAX_BATCH_MESSAGES, type Publication, publishAtomically } from "../nats/atomic-batch.ts";
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
  /**
   * What became of an attempt whose outcome is not known: its token, "missing" where it is not stored yet, "foreign" where
   * another owner has written; undefined where nobody waits for it any more.
   */
  outcomeOf(position: Position): Promise<number | "missing" | "foreign" | undefined>;
  fail(error: Error): void;
}

interface Share {
  readonly partition: CommitSource;
  readonly count: number;
}

/** A share on its way: the position that says that it is stored. */
interface Attempt extends Share {
  readonly position: Position;
  readonly publication: Publication;
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
    const now = Date.now();
    await this.#publish(
      shares.map((share) => ({ ...share, ...share.partition.positionFor(share.count, now) })),
      false,
    );
  }

  /** @param isRetry An earlier attempt at the same may be stored, or may still come. */
  async #publish(attempts: readonly Attempt[], isRetry: boolean): Promise<void> {
    const outputs = attempts.flatMap(({ partition, count }) => partition.pending.first(count));
    const messages = bundlePublications(outputs);
    const offsets = attempts.map(({ publication }) => messages.push(publication) - 1);
    const startedAt = performance.now();
    try {
      const first = await publishAtomically(this.#nc, messages);
      attempts.forEach(({ partition, count, position }, i) => {
        partition.committed(count, position, first + (offsets[i] ?? 0));
      });
      this.#metrics.commitSeconds.observe((performance.now() - startedAt) / 1_000);
      for (const { subject } of messages) this.#count(subject);
    } catch (error) {
      await this.#onFailure(attempts, isRetry, error);
    }
  }

  /**
   * Without an answer, as when a cluster loses its leader, the stored positions tell what became of the batch. A
   * refused batch stored nothing, so its partitions are tried alone; one that is refused alone fails.
   */
  async #onFailure(attempts: readonly Attempt[], isRetry: boolean, error: unknown): Promise<void> {
    const failure =
      error instanceof RuntimeError
        ? error
        : new RuntimeError("MAPEK_COMMIT_UNKNOWN", String(error), { cause: error });
    this.#metrics.commitFailures.inc({ code: failure.code });
    const unknown = failure.code === "MAPEK_COMMIT_UNKNOWN";
    if (unknown || (isRetry && failure.consequence === "fenced")) {
      const missing = await this.#settle(attempts, failure);
      if (missing.length > 0) await this.#publish(missing, true);
    } else if (attempts.length > 1)
      for (const attempt of attempts) await this.#publish([attempt], isRetry);
    else for (const { partition } of attempts) this.#fail(partition, failure);
  }

  /** Takes note of what is stored; what is missing is for another attempt. */
  async #settle(attempts: readonly Attempt[], failure: RuntimeError): Promise<Attempt[]> {
    const missing: Attempt[] = [];
    for (const attempt of attempts) {
      const { partition, count, position } = attempt;
      const outcome = await partition.outcomeOf(position);
      if (outcome === "missing") missing.push(attempt);
      else if (typeof outcome === "number") partition.committed(count, position, outcome);
      else if (outcome === "foreign") this.#fail(partition, fencedBy(partition, failure));
      else this.#fail(partition, failure);
    }
    return missing;
  }

  #fail(partition: CommitSource, failure: RuntimeError): void {
    this.#log.warn(
      { partition: partition.index, code: failure.code, err: failure },
      "a commit failed: the partition is claimed anew",
    );
    partition.fail(failure);
  }

  #count(subject: string): void {
    const [, kind, family] = subject.split(".");
    if (kind === "log") this.#metrics.outputs.inc({ family: family ?? "" });
  }
}

const fencedBy = ({ index }: CommitSource, cause: RuntimeError): RuntimeError =>
  new RuntimeError("MAPEK_PARTITION_FENCED", `partition ${index} has another owner`, { cause });
