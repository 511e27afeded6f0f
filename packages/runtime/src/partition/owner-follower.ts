import type { Link } from "../nats/link.ts";
import type { Ownership } from "./ownership.ts";
import type { Wakeup } from "./wakeup.ts";

/** How often a follower looks how far the owner has come. */
const LOOK_MS = 200;
/** A follower that comes to where the owner was in less than this is close behind. */
const CLOSE_BEHIND_MS = 750;

/**
 * How a follower keeps behind the owner of its partition: it folds up to the position that the owner has stored, then
 * looks where that is now. The closer it is, the less is left to fold when it takes over.
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

  /** Takes note of the position that is stored now. */
  async look(): Promise<void> {
    await this.#link.answer(() => this.#ownership.read());
    this.#targetSetAt = performance.now();
  }

  /** Called where everything up to the position is folded: looks again, a little later where it is close behind. */
  async next(onClose: () => void): Promise<void> {
    if (performance.now() - this.#targetSetAt < CLOSE_BEHIND_MS) {
      onClose();
      await this.#wakeup.wait(LOOK_MS);
    }
    if (this.#over) {
      await this.#wakeup.wait(LOOK_MS);
      return;
    }
    // Where the position is not to be had now it is asked for again.
    this.#reading = this.look().catch(() => this.#wakeup.wait(LOOK_MS));
    await this.#reading;
  }

  /** Ends it: a reading that came after the claim would undo what is known of it. */
  async end(): Promise<void> {
    this.#over = true;
    await this.#reading;
  }
}
