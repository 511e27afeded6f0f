import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NatsServerError } from "../errors.ts";
import { isLocked, type WaitOptions } from "../file-lock.ts";

const POLL_MS = 50;

/** Time that the server of a parent that was killed gets to end: its own 5 s, on a slow machine. */
export const STORE_WAIT_MS = 30_000;

/** The lock of a store: its server's keeper holds it as long as the server lives. */
export const storeLockPath = (storeDir: string): string => join(storeDir, "server.lock");

/**
 * Resolves when no server works on a store any more: two on one store would destroy it, and the
 * server of a parent that was killed outlives it by up to 5 s.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_STORE_IN_USE when one still does after `timeoutMs`.
 */
export async function waitForStore(
  storeDir: string,
  { timeoutMs = STORE_WAIT_MS, onWait }: Partial<WaitOptions> = {},
): Promise<void> {
  const path = storeLockPath(storeDir);
  const deadline = performance.now() + timeoutMs;
  for (let isFirst = true; isLocked(path); isFirst = false) {
    if (isFirst) onWait?.();
    if (performance.now() >= deadline) throw storeInUse(storeDir);
    await delay(POLL_MS);
  }
}

export const storeInUse = (storeDir: string): NatsServerError<"MAPEK_NATS_SERVER_STORE_IN_USE"> =>
  new NatsServerError(
    "MAPEK_NATS_SERVER_STORE_IN_USE",
    `${storeDir}; stop the one that runs, or choose another folder`,
    { storeDir },
  );
