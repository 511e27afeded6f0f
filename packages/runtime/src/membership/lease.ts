import type { Member } from "@mapek/core/messages";
import { member as memberMessage } from "@mapek/core/messages";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { MEMBERS_BUCKET } from "../nats/streams.ts";

/** Leave to act on partitions: whoever has lost it stops at once. */
export interface Lease {
  readonly valid: boolean;
  /** Resolves when it is valid again, or when nobody waits for it any more. */
  regained(givenUp: () => boolean): Promise<void>;
}

const CHECK_MS = 20;
/** Heartbeats within the life of a lease: some may be lost or late. */
const BEATS_PER_TTL = 5;

/** What a member says of itself. */
export type MemberState = Pick<Member, "holds" | "ready" | "leaving">;

/**
 * This process's own record among the members, renewed by heartbeats.
 *
 * The lease counts from when a confirmed heartbeat was sent, by a clock that is never set back; the others count from
 * when they saw it. So a member stops before another takes its partitions over. Safety does not depend on it: commits
 * are fenced.
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

  /** @param key The record's key in the bucket. @param ttlMs At least 1,000. */
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

  /** Tells the others, at the end of this turn. Cost: O(partitions). */
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

  /** Leaves: the record says so and soon expires. */
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
      // The next one follows soon; until then the lease runs on or out.
      () => {},
    );
  }

  #publish(ttlMs: number): Promise<unknown> {
    const { js, nc } = this.#connection;
    // Not `kv.put`: it gives a key no time to live. Nobody else writes this key, so nothing is expected of it.
    return linkOf(nc).answer(() =>
      js.publish(this.#subject, memberMessage.encode(this.#record), {
        ttl: `${ttlMs}ms`,
        timeout: this.#ttlMs,
      }),
    );
  }
}
