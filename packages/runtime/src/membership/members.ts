import { type Member, member as memberMessage, type Service } from "@mapek/core/contract";
import { type KV, Kvm } from "@nats-io/kv";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { MEMBERS_BUCKET } from "../nats/streams.ts";

const RETRY_MS = 100;

interface Seen {
  readonly member: Member;
  /** When the last heartbeat arrived; ms of `performance.now()`. */
  seenAt: number;
}

/**
 * The members of a service, by their heartbeats. A member is alive while its last heartbeat is younger than the time
 * to live.
 *
 * The set is a hint for balance, not for safety: two members may see different sets for a moment.
 */
export class Members {
  readonly #connection: Connection;
  readonly #service: Service;
  readonly #ttlMs: number;
  readonly #onChange: () => void;
  readonly #seen = new Map<string, Seen>();
  #stopped = false;
  #end: (() => void) | undefined;

  /** @param onChange Called after each received heartbeat. */
  constructor(connection: Connection, service: Service, ttlMs: number, onChange: () => void) {
    this.#connection = connection;
    this.#service = service;
    this.#ttlMs = ttlMs;
    this.#onChange = onChange;
    void this.#watch();
  }

  /** The members that are alive, by key. Cost: O(members). */
  live(): ReadonlyMap<string, Member> {
    const now = performance.now();
    const live = new Map<string, Member>();
    for (const [key, { member, seenAt }] of this.#seen)
      if (now - seenAt < this.#ttlMs) live.set(key, member);
      else this.#seen.delete(key);
    return live;
  }

  stop(): void {
    this.#stopped = true;
    this.#end?.();
  }

  async #watch(): Promise<void> {
    const link = linkOf(this.#connection.nc);
    while (!this.#stopped) {
      await link.restored(() => this.#stopped);
      if (this.#stopped) return;
      try {
        const bucket = await link.answer(() => new Kvm(this.#connection.js).open(MEMBERS_BUCKET));
        await this.#follow(bucket);
      } catch {
        // The server is not reachable yet, or the bucket has no leader: tried again after `RETRY_MS`.
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  /** Follows the heartbeats until the connection is lost. */
  async #follow(bucket: KV): Promise<void> {
    const link = linkOf(this.#connection.nc);
    const entries = await link.answer(() => bucket.watch({ key: `${this.#service}.*` }));
    // Without a connection no heartbeat could arrive, so the age of every member starts again at 0.
    const now = performance.now();
    for (const seen of this.#seen.values()) seen.seenAt = now;
    const release = link.onLost(() => entries.stop());
    this.#end = () => entries.stop();
    if (this.#stopped) entries.stop();
    try {
      for await (const { key, operation, value } of entries) {
        if (operation === "PUT") this.#hear(key, value);
        else this.#seen.delete(key);
        this.#onChange();
      }
    } finally {
      release();
      this.#end = undefined;
    }
  }

  #hear(key: string, value: Uint8Array): void {
    const decoded = memberMessage.decode(value);
    // The record of a newer version is ignored: what that member holds is unknown, and commits are fenced all the
    // same.
    if (!decoded.ok) return;
    const { holds, leaving } = decoded.value;
    if (leaving && holds.length === 0) this.#seen.delete(key);
    else this.#seen.set(key, { member: decoded.value, seenAt: performance.now() });
  }
}
