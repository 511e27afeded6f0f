import type { Member } from "@mapek/core/contract";
import { member as memberMessage } from "@mapek/core/contract";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { MEMBERS_BUCKET } from "../nats/streams.ts";

/** Permission to fold and commit partitions: a process without a valid lease must stop at once. */
export interface Lease {
  readonly valid: boolean;
  /** Resolves when the lease is valid, or when `givenUp` returns true. */
  regained(givenUp: () => boolean): Promise<void>;
}

const CHECK_MS = 20;
/** Heartbeats within the time to live of a lease, so that some may be lost or late. */
const BEATS_PER_TTL = 5;

export type MemberState = Pick<Member, "holds" | "ready" | "leaving">;

/**
 * The record of this process among the members, renewed by heartbeats.
 *
 * The lease lasts `ttlMs` from when a confirmed heartbeat was sent; other members count from when they received it,
 * which is later. So a member stops before another one takes its partitions over. Both use a monotonic clock. Safety
 * does not depend on the lease: commits are fenced.
 */
export class Heartbeat implements Lease {
  readonly #connection: Connection;
  readonly #subject: string;
  readonly #ttlMs: number;
  readonly #timer: NodeJS.Timeout;
  #record: Member;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #due: NodeJS.Immediate | undefined;
  #ended = false;

  /** @param key Key of the record in the bucket of members. @param ttlMs Time to live of the record, ms, 1,000 or more. */
  constructor(
    connection: Connection,
    key: string,
    record: Pick<Member, "service" | "owner">,
    ttlMs: number,
  ) {
    this.#connection = connection;
    this.#subject = `$KV.${MEMBERS_BUCKET}.${key}`;
    this.#ttlMs = ttlMs;
    this.#record = {
      version: 1,
      ...record,
      holds: [],
      ready: [],
      leaving: false,
      started: Date.now(),
    };
    this.#timer = setInterval(() => this.#beat(), ttlMs / BEATS_PER_TTL);
    this.#beat();
  }

  get valid(): boolean {
    return performance.now() - this.#confirmedAt < this.#ttlMs;
  }

  async regained(givenUp: () => boolean): Promise<void> {
    while (!this.valid && !givenUp()) await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }

  /** Publishes a changed state at the end of this turn of the event loop. Cost: O(partitions). */
  announce(state: MemberState): void {
    const { holds, ready, leaving } = this.#record;
    if (
      String(holds) === String(state.holds) &&
      String(ready) === String(state.ready) &&
      leaving === state.leaving
    )
      return;
    this.#record = { ...this.#record, ...state };
    this.#due ??= setImmediate(() => this.#beat());
  }

  /** Ends the heartbeats. The last record says that the member leaves, and expires after 1 s. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    clearImmediate(this.#due);
    this.#ended = true;
    this.#record = { ...this.#record, holds: [], ready: [], leaving: true };
    await this.#publish(1_000).catch(() => {});
  }

  #beat(): void {
    this.#due = undefined;
    if (this.#ended || !linkOf(this.#connection.nc).connected) return;
    const sentAt = performance.now();
    this.#publish(this.#ttlMs).then(
      () => {
        this.#confirmedAt = Math.max(this.#confirmedAt, sentAt);
      },
      // The next heartbeat follows within `ttlMs` / 5; the lease stays valid or expires meanwhile.
      () => {},
    );
  }

  #publish(ttlMs: number): Promise<unknown> {
    const { js, nc } = this.#connection;
    // `kv.put` cannot give a key a time to live. Only this process writes the key, so no expected revision is needed.
    return linkOf(nc).answer(() =>
      js.publish(this.#subject, memberMessage.encode(this.#record), {
        ttl: `${ttlMs}ms`,
        timeout: this.#ttlMs,
      }),
    );
  }
}
