import { mkdirSync } from "node:fs";
import { acquireLock, type FileLock } from "@mapek/nats-server/file-lock";
import { CliError } from "../errors.ts";
import { houseIn, lockFile } from "../house/find-house.ts";
import { type House, holderOf } from "../house/house.ts";

/** Time to retry a refused lock: other commands test the lock for a moment, and two that start at once refuse each other. */
const PATIENCE_MS = 1_000;

/** The lock of a data folder, held by this process. */
export interface DataLock extends FileLock {
  /** `house.json` of an earlier `mapek up` that was killed; its services may still be ending. */
  readonly left: House | undefined;
}

/**
 * Locks a data folder for this process: two servers on one store would destroy it. The kernel releases the lock when
 * the process ends, so the folder of a killed process is free at once.
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
