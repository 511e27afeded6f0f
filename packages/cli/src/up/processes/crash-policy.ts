/** Five exits within this time make a crash loop; older exits are forgotten. */
const WINDOW_MS = 60_000;
const MOST_EXITS = 5;
const FIRST_BACKOFF_MS = 250;
const MOST_BACKOFF_MS = 5_000;

/** Decides after each exit of a process when to start it again, or to give up. */
export class CrashPolicy {
  #exits: number[] = [];

  /**
   * @param now Milliseconds of a monotonic clock.
   * @returns Milliseconds to wait, from 250 and doubled with each exit; undefined after five exits within a minute.
   */
  exited(now: number): number | undefined {
    this.#exits = [...this.#exits.filter((time) => time > now - WINDOW_MS), now];
    if (this.#exits.length >= MOST_EXITS) return undefined;
    return Math.min(FIRST_BACKOFF_MS * 2 ** (this.#exits.length - 1), MOST_BACKOFF_MS);
  }
}
