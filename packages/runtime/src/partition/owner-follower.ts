import type { Link } from "../nats/link.ts";
import type { Ownership } from "./ownership.ts";
import type { Wakeup } from "./wakeup.ts";

/** Interval at which a follower reads the owner's position again. */
const LOOK_MS = 200;
/** A follower that reaches the last position it read within this time is close behind the owner. */
const CLOSE_BEHIND_MS = 750;

/**
 * Keeps a follower behind the owner of its partition: the follower folds up to the owner's stored position, then reads
 * that position again. The closer the follower is, the less is left to fold when it takes over.
 */
export class OwnerFollower {
  readonly #ownership: Ownership;
  readonly #link: Link;
  readonly #wakeup: Wakeup;
  #targetSetAt = 0;
  #reading: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(ownership: Ownership, link: Link, wakeup: Wakeup) {
    this.#ownership = ownership;
    this.#link = link;
    this.#wakeup = wakeup;
  }

  /** Reads the stored position, which is the next target. */
  async look(): Promise<void> {
    await this.#link.answer(() => this.#ownership.read());
    this.#targetSetAt = performance.now();
  }

  /**
   * Waits for the next target once everything up to the position is folded.
   *
   * @param onClose Called where the follower is close behind the owner.
   */
  async next(onClose: () => void): Promise<void> {
    if (performance.now() - this.#targetSetAt < CLOSE_BEHIND_MS) {
      onClose();
      await this.#wakeup.wait(LOOK_MS);
    }
    if (this.#over) {
      await this.#wakeup.wait(LOOK_MS);
      return;
    }
    // A position that cannot be read is asked for again at the next call.
    this.#reading = this.look().catch(() => this.#wakeup.wait(LOOK_MS));
    await this.#reading;
  }

  /** Ends the readings before a claim: a reading that ends after the claim would overwrite the new token. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#reading;
  }
}
