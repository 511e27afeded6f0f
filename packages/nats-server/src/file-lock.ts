import { existsSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";

/** A lock that this process holds. */
export interface FileLock extends Disposable {
  /** May be called any number of times. */
  release(): void;
}

export interface WaitOptions {
  /** How long another holder is waited for, ms, 0 or more. */
  readonly timeoutMs: number;
  /** Called once when the lock is found to be held and waiting begins. */
  readonly onWait?: (() => void) | undefined;
}

const POLL_MS = 50;
const SQLITE_BUSY = 5;

/** Without these references a lock would end when its connection is collected as garbage. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock of a file, and waits for it at most so long.
 *
 * The kernel keeps the lock (fcntl, on Windows LockFileEx, through SQLite: Node has no call of its
 * own) and ends it with the process, however that ended. So it holds between containers that share
 * the folder, where process ids mean nothing; a stopped process goes on holding it; and a file that
 * was left behind refuses nobody. The file stays: to remove it would give its name to a second lock.
 *
 * @returns The lock, or undefined when somebody else held it all the time.
 * @throws {Error} Where the file cannot be made, or its file system has no locks.
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
    // Two that try at the same moment may refuse each other: not at the same moment again.
    await delay(POLL_MS * (0.5 + Math.random()));
  }
}

/**
 * Whether a process holds the lock of a file; a file that is not there is free. The look itself is
 * a lock for less than 1 ms, for which `acquireLock` with a time of some 100 ms makes up.
 *
 * @throws {Error} Where the file cannot be read.
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
    // A journal in memory: nothing is ever written, and no second file appears.
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

/** `node:sqlite` without the line by which Node 22 calls it experimental: users cannot act on that. */
function sqlite(): typeof import("node:sqlite") {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
