import { setTimeout as delay } from "node:timers/promises";

/** After so long a wait is stuck, on a machine that is ten times slower than a quiet one too. It measures nothing. */
export const STUCK_MS = 240_000;

/** For a request that is answered: longer than a busy machine takes, shorter than the wait around it. */
export const ANSWER_MS = 60_000;

/**
 * Asks every 20 ms until the answer is neither undefined nor false, and returns it.
 *
 * @throws {Error} naming `what` when there was no such answer and the wait is stuck; the last error of
 * `ask`, which may throw meanwhile, is its cause.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + STUCK_MS;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${STUCK_MS / 1_000} s: ${what}`, { cause });
    await delay(20);
  }
}
