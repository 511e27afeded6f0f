import { randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

const HEARTBEAT_MS = 1_000;
const STALE_MS = 10_000;
const POLL_MS = 50;

/**
 * Runs `work` under a lock file, so that one of several processes fetches and the others wait.
 *
 * The lock saves work and protects no data. Two processes can hold it at once where a slow owner loses it; then both
 * fetch, and the cache's atomic rename keeps that harmless. A holder refreshes the file every second; a holder that is
 * dead on this machine, or silent for 10 s, loses the lock.
 *
 * @param waitMs Longest wait for another holder, ms; then `work` runs without the lock.
 * @param isDone Called while waiting and before `work`; a value other than undefined is the result, and `work` does
 * not run.
 */
export async function withFetchLock<T>(
  path: string,
  waitMs: number,
  isDone: () => Promise<T | undefined>,
  work: () => Promise<T>,
): Promise<T> {
  const owner = JSON.stringify({ host: hostname(), pid: process.pid, token: randomUUID() });
  const deadline = Date.now() + waitMs;
  let held = await take(path, owner);
  while (!held && Date.now() < deadline) {
    await dropIfStale(path);
    held = await take(path, owner);
    if (held) break;
    await delay(POLL_MS);
    if (await stat(path).catch(() => undefined)) continue;
    const done = await isDone();
    if (done !== undefined) return done;
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  try {
    return (await isDone()) ?? (await work());
  } finally {
    clearInterval(heartbeat);
    if (held && (await readFile(path, "utf8").catch(() => "")) === owner) {
      await rm(path, { force: true });
    }
  }
}

async function take(path: string, owner: string): Promise<boolean> {
  try {
    await writeFile(path, owner, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function dropIfStale(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return;
  const silentMs = Date.now() - stats.mtimeMs;
  if (silentMs < STALE_MS && !(await ownerIsDead(path))) return;
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  await rm(aside, { force: true });
}

async function ownerIsDead(path: string): Promise<boolean> {
  const text = await readFile(path, "utf8").catch(() => "");
  try {
    const owner = JSON.parse(text) as { host: string; pid: number };
    if (owner.host !== hostname()) return false;
    process.kill(owner.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
