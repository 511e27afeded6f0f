/** Exits within this time that make a crash loop, and the time that makes earlier ones forgotten. */
const WINDOW_MS = 60_000;
const MOST_EXITS = 5;
const FIRST_BACKOFF_MS = 250;
const MOST_BACKOFF_MS = 5_000;

/** Decides after each exit of a process how long to wait before it is started again, or to give up. */
export class CrashPolicy {
  #exits: number[] = [];

  /**
   * @param now Milliseconds of any clock that does not jump back.
   * @returns Milliseconds to wait, growing from 250 to 5,000; undefined after five exits within a minute.
   */
  exited(now: number): number | undefined {
    this.#exits = [...this.#exits.filter((time) => time > now - WINDOW_MS), now];
    if (this.#exits.length >= MOST_EXITS) return undefined;
    return Math.min(FIRST_BACKOFF_MS * 2 ** (this.#exits.length - 1), MOST_BACKOFF_MS);
  }
}
