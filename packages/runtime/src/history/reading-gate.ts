import { MessageError } from "@mapek/core/contract";

/**
 * Limits the number of log readings at a time and of those that wait: each reading holds its messages in memory and
 * takes time from folding.
 */
export class ReadingGate {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  /** @param most Readings at a time. @param mostWaiting Readings that may wait; one more is refused. */
  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Runs `work` when a place is free. @throws {MessageError} MAPEK_OVERLOADED at once where too many wait. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting) {
        const why = `${this.#waiting.length} readings of the log are waiting: try later`;
        throw new MessageError("MAPEK_OVERLOADED", why);
      }
      // The reading that ends passes its place on, so `#underWay` stays the same.
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else this.#underWay++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#underWay--;
      else next();
    }
  }
}
