import { MessageError } from "@mapek/core/messages";

/** What one system has in the waiting room, and its allowance. */
export interface Share {
  readonly system: string;
  /** Samples that wait to be stored. */
  samples: number;
  /** Bytes of the keys that their batches hold. */
  keyBytes: number;
  /** Samples that the system may still send now; below 0 after a large message. */
  allowance: number;
  /** When the allowance was brought up to date, ms of the process's clock. */
  allowedAt: number;
}

export interface WaitingLimits {
  readonly maxSamples: number;
  readonly maxBytes: number;
  /** Samples a second that one system may send in the long run; undefined = as many as there is room for. */
  readonly samplesPerSecond: number | undefined;
}

/** Index, time and value of a sample. */
export const SAMPLE_BYTES = 2 + 8 + 8;
/** Shares that are remembered while nothing of them waits. */
const MAX_IDLE_SHARES = 20_000;
/** Seconds for which an unused allowance gathers. */
const BURST_SECONDS = 2;

/**
 * Counts what is taken in and not stored yet, and decides who has to come later when it gets full.
 *
 * Above half of a limit a system may hold no more than the limit divided by the systems that wait and
 * one more: whoever comes new always finds room, however much others send. Memory is bounded by both
 * limits and one message a system.
 *
 * Cost: O(1) a sample and a question.
 */
export class WaitingRoom {
  readonly #limits: WaitingLimits;
  readonly #shares = new Map<string, Share>();
  #samples = 0;
  #keyBytes = 0;
  #systems = 0;

  constructor(limits: WaitingLimits) {
    this.#limits = limits;
  }

  get samples(): number {
    return this.#samples;
  }

  get bytes(): number {
    return this.#samples * SAMPLE_BYTES + this.#keyBytes;
  }

  /** The share of a system, made where it is new. */
  shareOf(system: string): Share {
    let share = this.#shares.get(system);
    if (share === undefined) {
      if (this.#shares.size >= MAX_IDLE_SHARES) this.#forgetIdle();
      const allowance = (this.#limits.samplesPerSecond ?? 0) * BURST_SECONDS;
      share = { system, samples: 0, keyBytes: 0, allowance, allowedAt: performance.now() };
      this.#shares.set(system, share);
    }
    return share;
  }

  /** Takes a sample in. @param keyBytes Of its key, where its batch did not hold that yet; else 0. */
  enter(share: Share, keyBytes: number): void {
    if (share.samples++ === 0) this.#systems++;
    share.keyBytes += keyBytes;
    share.allowance--;
    this.#samples++;
    this.#keyBytes += keyBytes;
  }

  /** Samples are stored, or given up. */
  leave(share: Share, samples: number, keyBytes: number): void {
    share.samples -= samples;
    share.keyBytes -= keyBytes;
    if (samples > 0 && share.samples === 0) this.#systems--;
    this.#samples -= samples;
    this.#keyBytes -= keyBytes;
  }

  /** MAPEK_OVERLOADED where the system has to come later. @param now Of the process's clock, ms. */
  refusal(share: Share, now: number): MessageError | undefined {
    const { maxSamples, maxBytes } = this.#limits;
    const bytes = share.samples * SAMPLE_BYTES + share.keyBytes;
    return (
      this.#tooFast(share, now) ??
      this.#tooMuch("samples", this.#samples, maxSamples, share, share.samples) ??
      this.#tooMuch("bytes", this.bytes, maxBytes, share, bytes)
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
    const others = share.samples === 0 ? this.#systems : this.#systems - 1;
    const fair = limit / (others + 2);
    if (own < fair) return undefined;
    return overloaded(
      `${own} ${what} of system ${share.system} wait to be stored, its share is ${Math.floor(fair)}`,
    );
  }

  #tooFast(share: Share, now: number): MessageError | undefined {
    const { samplesPerSecond } = this.#limits;
    if (samplesPerSecond === undefined) return undefined;
    const gained = ((now - share.allowedAt) / 1_000) * samplesPerSecond;
    share.allowance = Math.min(samplesPerSecond * BURST_SECONDS, share.allowance + gained);
    share.allowedAt = now;
    if (share.allowance > 0) return undefined;
    return overloaded(`system ${share.system} sends more than ${samplesPerSecond} samples/s`);
  }

  #forgetIdle(): void {
    for (const [system, { samples }] of this.#shares)
      if (samples === 0) this.#shares.delete(system);
  }
}

const overloaded = (why: string): MessageError =>
  new MessageError("MAPEK_OVERLOADED", `${why}: try later`);
