import type { Position } from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import { bundlePublications } from "../doors/input-bundle.ts";
import { RuntimeError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Lease } from "../membership/lease.ts";
import type { Metrics } from "../metrics.ts";
import { MAX_BATCH_MESSAGES, type Publication, publishAtomically } from "../nats/atomic-batch.ts";
import type { PendingOutputs } from "./pending-outputs.ts";

/** A partition, as far as the committer knows it. */
export interface CommitSource {
  readonly index: number;
  /** Outputs that wait for their commit. */
  readonly pending: PendingOutputs;
  /** False once the partition has failed: its outputs must not be stored any more. */
  readonly alive: boolean;
  /** True when inputs were folded, or a checkpoint waits, that the stored position does not cover. */
  readonly ahead: boolean;
  /** Set by the committer: true while a batch with this partition's position is under way. */
  committing: boolean;
  /** The position record for everything up to the first `count` pending outputs. */
  positionFor(count: number, now: number): { position: Position; publication: Publication };
  committed(count: number, position: Position, token: number): void;
  /**
   * Finds out whether an attempt without an answer is stored.
   *
   * @returns The token of the stored record; "missing" where it is not stored (and may still arrive); "foreign" where
   * another owner has written; undefined where the partition ended meanwhile.
   */
  outcomeOf(position: Position): Promise<number | "missing" | "foreign" | undefined>;
  fail(error: Error): void;
}

interface Share {
  readonly partition: CommitSource;
  readonly count: number;
}

/** A share that is being stored, with the position record that confirms it. */
interface Attempt extends Share {
  readonly position: Position;
  readonly publication: Publication;
}

/** Outputs gather for this long before a commit starts. */
const LINGER_MS = 4;

/**
 * Stores the outputs and positions of all partitions of one instance.
 *
 * One atomic batch is under way at a time, with as many partitions as fit; outputs that come meanwhile go into the
 * next one. An output and the position behind its input are in one batch, so a restart neither loses nor repeats
 * outputs.
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

  /** Stops waiting for a lost lease: the next owner replays the inputs whose outputs are not stored. */
  end(): void {
    this.#ending = true;
  }

  /** Announces that a partition has outputs to store. Cost: O(1). */
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

  /** Stores the position of a partition without pending outputs; this only shortens a replay. */
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
    // No `await` may come between the last `#gather` and this line: a partition that is notified in between would wait
    // until its next notification.
    this.#running = undefined;
  }

  /** Divides the 1,000 messages of one batch among the waiting partitions, first come, first served. */
  #gather(): Share[] {
    const shares: Share[] = [];
    let room = MAX_BATCH_MESSAGES;
    for (const partition of this.#waiting) {
      const count = Math.min(partition.pending.length, room - 1);
      if (count <= 0 && partition.pending.length > 0) break;
      this.#waiting.delete(partition);
      // A partition whose commit is under way is notified again when that commit has ended.
      if (!partition.alive || partition.committing || count === 0) continue;
      shares.push({ partition, count });
      room -= count + 1;
      if (room < 2) break;
    }
    return shares;
  }

  /** Stores the shares. Outputs that did not fit, or came meanwhile, go to the end of the queue. */
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

  /** @param isRetry True where an earlier attempt at the same shares may be stored, or may still arrive. */
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
   * After a commit without an answer (a cluster loses its leader), the stored positions tell which shares are stored.
   * A refused batch stored nothing, so each of its partitions is committed alone; a partition that is refused alone
   * fails.
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

  /** Confirms the shares that are stored; returns those that have to be sent again. */
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
