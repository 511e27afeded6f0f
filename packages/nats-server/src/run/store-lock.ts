import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { NatsServerError } from "../errors.ts";
import { isLocked, type WaitOptions } from "../file-lock.ts";

const POLL_MS = 50;

/** The server of a killed parent ends within 5 s; this time is longer, for slow machines. */
export const STORE_WAIT_MS = 30_000;

/** Path of a store's lock, which the server's keeper holds as long as the server lives. */
export const storeLockPath = (storeDir: string): string => join(storeDir, "server.lock");

/**
 * Resolves when no server uses a store. Two servers on one store would destroy it, and the server of a killed parent
 * outlives the parent by up to 5 s.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_STORE_IN_USE where a server still uses the store after `timeoutMs`.
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
