import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

export interface FileLock extends Disposable {
  /** May be called any number of times. */
  release(): void;
}

export interface WaitOptions {
  /** Longest wait for another holder, ms, 0 or more. */
  readonly timeoutMs: number;
  /** Called once when another process holds the lock and the wait begins. */
  readonly onWait?: (() => void) | undefined;
}

const POLL_MS = 50;
const SQLITE_BUSY = 5;

/** Keeps the connections reachable: a connection that is collected as garbage would release its lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock of a file; waits at most `timeoutMs` for another holder.
 *
 * The kernel holds the lock and releases it when the process ends, however it ends: fcntl, on Windows LockFileEx, both
 * through SQLite, since Node has no call of its own. So the lock works between containers that share the folder, where
 * process ids mean nothing; a stopped process keeps it; a file left behind by a dead process blocks nobody. The file
 * is never removed: a new file of the same name would be a second lock.
 *
 * @returns The lock, or undefined where another process held it all the time.
 * @throws {Error} Where the file cannot be created, or its file system has no locks.
 * Cost: about 1 ms, one open file.
 */
export async function acquireLock(
  path: string,
  { timeoutMs, onWait }: WaitOptions,
): Promise<FileLock | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (isFirst) onWait?.();
    if (performance.now() >= deadline) return undefined;
    // A random wait: two processes that try at the same moment may refuse each other, and must not meet again.
    await delay(POLL_MS * (0.5 + Math.random()));
  }
}

/**
 * True where a process holds the lock of a file; false for a missing file.
 *
 * The check takes a lock itself for less than 1 ms. Callers of `acquireLock` therefore wait some 100 ms at least.
 */
export function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  const database = open(path, true);
  try {
    database.exec("BEGIN; SELECT 1 FROM sqlite_schema; COMMIT");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    database.close();
  }
}

function tryLock(path: string): FileLock | undefined {
  const database = open(path, false);
  try {
    // With the journal in memory nothing is written, and no second file appears.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  held.add(database);
  const release = () => {
    if (held.delete(database)) database.close();
  };
  return { release, [Symbol.dispose]: release };
}

function open(path: string, readOnly: boolean): DatabaseSync {
  const { DatabaseSync } = sqlite();
  return new DatabaseSync(path, { readOnly, timeout: 0 });
}

const isBusy = (error: unknown): boolean =>
  (error as { errcode?: unknown }).errcode === SQLITE_BUSY;

/** Loads `node:sqlite` without the warning by which Node 22 calls it experimental: users cannot act on the warning. */
function sqlite(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
