import { mkdirSync } from "node:fs";
import { acquireLock, type FileLock } from "@mapek/nats-server/file-lock";
import { CliError } from "../errors.ts";
import { houseIn, lockFile } from "../house/find-house.ts";
import { type House, holderOf } from "../house/house.ts";

/** Other commands look whether the lock is held, and two that start at once refuse each other at first. */
const PATIENCE_MS = 1_000;

/** A data folder that this process has for itself. */
export interface DataLock extends FileLock {
  /** What the one before left: it was killed, and what it started may still end. */
  readonly left: House | undefined;
}

/**
 * Takes a data folder for this process: two houses on one store would destroy it. The kernel ends the lock
 * with the process, so the folder of one that was killed is free at once.
 *
 * @throws {CliError} MAPEK_CLI_DATA_IN_USE; MAPEK_CLI_FILE where the folder cannot be written or locked.
 */
export async function lockDataFolder(folder: string): Promise<DataLock> {
  let lock: FileLock | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    lock = await acquireLock(lockFile(folder), { timeoutMs: PATIENCE_MS });
  } catch (cause) {
    throw new CliError("MAPEK_CLI_FILE", `${folder}: ${(cause as Error).message}`, { cause });
  }
  const house = houseIn(folder);
  if (lock !== undefined) return Object.assign(lock, { left: house });
  const holder = house === undefined ? "another process" : holderOf(house);
  throw new CliError(
    "MAPEK_CLI_DATA_IN_USE",
    `${folder} is used by ${holder}; stop it, or choose another folder with --data`,
  );
}
