import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition, asking every 20 ms; fails with `what` when it is not met within 10 s. */
export async function until(what: string, isMet: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await isMet())) {
    if (Date.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await delay(20);
  }
}
