import { existsSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isLocked } from "@mapek/nats-server/file-lock";
import { CliError } from "../errors.ts";
import { type House, parseHouse } from "./house.ts";
import { houseFile } from "./house-files.ts";
import { isOwn, readPrivateFile } from "./private-file.ts";
import { runtimeFiles } from "./runtime-folder.ts";

/** Default data folder of `mapek up`, below the working directory. */
export const DATA_FOLDER = ".mapek/data";

/** The file that a `mapek up` keeps locked while it runs. */
export const lockFile = (dataDir: string): string => join(dataDir, "up.lock");

const POLL_MS = 100;
/** Time that a command waits for a starting house: as long as `mapek up` waits for its services. */
const START_MS = 60_000;

/** The data folder, by its real path, in which a `mapek up` of this user runs now; undefined where none does. */
export function runningIn(dataDir: string): string | undefined {
  const path = lockFile(dataDir);
  try {
    return isOwn(statSync(path)) && isLocked(path) ? realpathSync(dataDir) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The data folder of the house that runs in `folder` or nearest above it. The search ends at the root of the
 * repository, the home folder or the root of the file system.
 */
export function runningAt(folder: string): string | undefined {
  const home = homedir();
  for (let at = folder; ; at = dirname(at)) {
    const found = runningIn(join(at, DATA_FOLDER));
    const isEnd = at === home || at === dirname(at) || existsSync(join(at, ".git"));
    if (found !== undefined || isEnd) return found;
  }
}

/** Data folders of all running houses of this user, sorted. */
export function runningOfUser(env: NodeJS.ProcessEnv): string[] {
  const running = runtimeFiles(env).flatMap((file) => {
    const house = parseHouse(readPrivateFile(file) ?? "");
    return (house && runningIn(house.data)) ?? [];
  });
  return [...new Set(running)].sort();
}

/** The content of `house.json` in a data folder; undefined where there is none yet. */
export const houseIn = (dataDir: string): House | undefined =>
  parseHouse(readPrivateFile(houseFile(dataDir)) ?? "");

/** A house whose server's address is known. */
export interface OpenHouse extends House {
  readonly nats_url: string;
}

/**
 * The running house in a data folder, once its server's address is known.
 *
 * @param onWait Called once where the house still starts.
 * @throws {CliError} MAPEK_CLI_NO_HOUSE where the house ends meanwhile or is not ready within a minute.
 */
export async function openHouse(dataDir: string, onWait: () => void): Promise<OpenHouse> {
  const deadline = performance.now() + START_MS;
  for (let isFirst = true; ; isFirst = false) {
    const house = houseIn(dataDir);
    if (house !== undefined && house.nats_url !== null)
      return { ...house, nats_url: house.nats_url };
    if (isFirst) onWait();
    await delay(POLL_MS);
    if (runningIn(dataDir) === undefined)
      throw new CliError("MAPEK_CLI_NO_HOUSE", `the one in ${dataDir} has just ended`);
    if (performance.now() >= deadline)
      throw new CliError(
        "MAPEK_CLI_NO_HOUSE",
        `the one in ${dataDir} runs, but does not tell its address to this version of mapek; give it with --nats`,
      );
  }
}
