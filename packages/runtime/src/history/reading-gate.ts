import { MessageError } from "@mapek/core/messages";

/**
 * Lets a few readings of the log go on at a time, and some more wait: each holds what it has read in memory, and the process has
 * other work.
 */
export class ReadingGate {
  readonly #most: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  /** @param most At a time. @param mostWaiting Beyond these; one more is refused. */
  constructor(most: number, mostWaiting: number) {
    this.#most = most;
    this.#mostWaiting = mostWaiting;
  }

  /** Works when it is its turn. @throws {MessageError} MAPEK_OVERLOADED at once where too many wait. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting) {
        const why = `${this.#waiting.length} readings of the log are waiting: try later`;
        throw new MessageError("MAPEK_OVERLOADED", why);
      }
      // Whoever ends hands its place over.
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
