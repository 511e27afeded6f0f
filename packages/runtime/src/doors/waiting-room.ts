import { MessageError } from "@mapek/core/messages";

/** What one system has in the waiting room, and its allowance. */
export interface Share {
  readonly system: string;
  /** Its items that wait to be stored, and their bytes. */
  items: number;
  bytes: number;
  /** Items that the system may still send now; below 0 after a large message. */
  allowance: number;
  /** When the allowance was brought up to date, ms of the process's clock. */
  allowedAt: number;
}

export interface WaitingLimits {
  /** What the items are called, in the plural. */
  readonly items: string;
  readonly maxItems: number;
  readonly maxBytes: number;
  /** Items a second that one system may send in the long run; undefined = as many as there is room for. */
  readonly itemsPerSecond?: number | undefined;
}

/** Shares that are remembered while nothing of them waits. */
const MAX_IDLE_SHARES = 20_000;
/** Less of an allowance than this is what rounding leaves of none. */
const ROUNDING = 1e-6;
/** Seconds for which an unused allowance gathers. */
const BURST_SECONDS = 2;

/**
 * Counts what is taken in and not stored yet, and decides who has to come later when it gets full.
 *
 * Above half of a limit a system may hold no more than the limit divided by the systems that wait and
 * one more: whoever comes new always finds room, however much others send. Memory is bounded by both
 * limits and one message a system.
 *
 * Cost: O(1) an item and a question.
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

  /** The share of a system, made where it is new. */
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

  /** Takes an item in. */
  enter(share: Share, bytes: number): void {
    if (share.items++ === 0) this.#systems++;
    share.bytes += bytes;
    share.allowance--;
    this.#items++;
    this.#bytes += bytes;
  }

  /** Items are stored, or given up. */
  leave(share: Share, items: number, bytes: number): void {
    share.items -= items;
    share.bytes -= bytes;
    if (items > 0 && share.items === 0) this.#systems--;
    this.#items -= items;
    this.#bytes -= bytes;
  }

  /** MAPEK_OVERLOADED where the system has to come later. @param now Of the process's clock, ms. */
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
