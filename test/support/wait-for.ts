import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks every 20 ms until the answer is neither undefined nor false, and returns it.
 *
 * @throws {Error} naming `what` when there was no such answer within `deadlineMs`; the last error of
 * `ask`, which may throw meanwhile, is its cause.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | Promise<T>,
  deadlineMs = 20_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${deadlineMs / 1_000} s: ${what}`, { cause });
    await delay(20);
  }
}
