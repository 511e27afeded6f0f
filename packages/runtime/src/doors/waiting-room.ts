import { MessageError } from "@mapek/core/contract";

/** Items and bytes of one system that wait to be stored, and the system's allowance. */
export interface Share {
  readonly system: string;
  items: number;
  bytes: number;
  /** Items that the system may send now; below 0 after a large message. */
  allowance: number;
  /** When `allowance` was updated last; ms of `performance.now()`. */
  allowedAt: number;
}

export interface WaitingLimits {
  /** Name of the items in error messages, in the plural. */
  readonly items: string;
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Items per second that one system may send in the long run; undefined: no limit. */
  readonly itemsPerSecond?: number | undefined;
}

/** From this number of shares on, those without waiting items are forgotten when a new system comes. */
const MAX_IDLE_SHARES = 20_000;
/** An allowance at or below this counts as 0: rounding leaves such rests. */
const ROUNDING = 1e-6;
/** An unused allowance grows for this long. */
const BURST_SECONDS = 2;

/**
 * Bounds the memory of items that are taken in and not stored yet, and shares it fairly between systems.
 *
 * Above half of a limit, a system may hold at most the limit divided by (waiting systems + 1). So a system that has
 * nothing waiting always finds room, however much the others send. Memory is bounded by both limits plus one message
 * for each system.
 *
 * Cost: O(1) for each call.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #shares = new Map<string, Share>();
  #items = 0;
  #bytes = 0;
  #systems = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get items(): number {
    return this.#items;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The share of a system; a new system gets one with a full allowance. */
  shareOf(system: string): Share {
    let share = this.#shares.get(system);
    if (share === undefined) {
      if (this.#shares.size >= MAX_IDLE_SHARES) this.#forgetIdle();
      const allowance = (this.#limits.itemsPerSecond ?? 0) * BURST_SECONDS;
      share = { system, items: 0, bytes: 0, allowance, allowedAt: performance.now() };
      this.#shares.set(system, share);
    }
    return share;
  }

  /** Counts an item that is taken in. */
  enter(share: Share, bytes: number): void {
    if (share.items++ === 0) this.#systems++;
    share.bytes += bytes;
    share.allowance--;
    this.#items++;
    this.#bytes += bytes;
  }

  /** Counts items that are stored or given up. */
  leave(share: Share, items: number, bytes: number): void {
    share.items -= items;
    share.bytes -= bytes;
    if (items > 0 && share.items === 0) this.#systems--;
    this.#items -= items;
    this.#bytes -= bytes;
  }

  /** @param now ms of `performance.now()`. @returns MAPEK_OVERLOADED where the system's next item must be refused. */
  refusal(share: Share, now: number): MessageError | undefined {
    const { items, maxItems, maxBytes } = this.#limits;
    return (
      this.#tooFast(share, now) ??
      this.#tooMuch(items, this.#items, maxItems, share, share.items) ??
      this.#tooMuch("bytes", this.#bytes, maxBytes, share, share.bytes)
    );
  }

  #tooMuch(
    what: string,
    waiting: number,
    limit: number,
    share: Share,
    own: number,
  ): MessageError | undefined {
    if (waiting <= limit / 2) return undefined;
    if (waiting >= limit) return overloaded(`${waiting} ${what} wait to be stored`);
    const others = share.items === 0 ? this.#systems : this.#systems - 1;
    const fair = limit / (others + 2);
    if (own < fair) return undefined;
    return overloaded(
      `${own} ${what} of system ${share.system} wait to be stored, its share is ${Math.floor(fair)}`,
    );
  }

  #tooFast(share: Share, now: number): MessageError | undefined {
    const { items, itemsPerSecond } = this.#limits;
    if (itemsPerSecond === undefined) return undefined;
    const gained = ((now - share.allowedAt) / 1_000) * itemsPerSecond;
    share.allowance = Math.min(itemsPerSecond * BURST_SECONDS, share.allowance + gained);
    share.allowedAt = now;
    if (share.allowance > ROUNDING) return undefined;
    return overloaded(`system ${share.system} sends more than ${itemsPerSecond} ${items}/s`);
  }

  #forgetIdle(): void {
    for (const [system, { items }] of this.#shares) if (items === 0) this.#shares.delete(system);
  }
}

const overloaded = (why: string): MessageError =>
  new MessageError("MAPEK_OVERLOADED", `${why}: try later`);
