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

/** Data folder of `mapek up` below the folder where it is started. */
export const DATA_FOLDER = ".mapek/data";

/** The file whose lock a `mapek up` holds as long as it runs. */
export const lockFile = (dataDir: string): string => join(dataDir, "up.lock");

const POLL_MS = 100;
/** As long as `mapek up` gives its services to be ready. */
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
 * The data folder of the house that runs in a folder or nearest above it, at most up to the repository, the
 * home folder or the root.
 */
export function runningAt(folder: string): string | undefined {
  const home = homedir();
  for (let at = folder; ; at = dirname(at)) {
    const found = runningIn(join(at, DATA_FOLDER));
    const isEnd = at === home || at === dirname(at) || existsSync(join(at, ".git"));
    if (found !== undefined || isEnd) return found;
  }
}

/** Data folders of all houses of this user that run now. */
export function runningOfUser(env: NodeJS.ProcessEnv): string[] {
  const running = runtimeFiles(env).flatMap((file) => {
    const house = parseHouse(readPrivateFile(file) ?? "");
    return (house && runningIn(house.data)) ?? [];
  });
  return [...new Set(running)].sort();
}

/** What the house in a data folder tells; undefined where it has not told anything yet. */
export const houseIn = (dataDir: string): House | undefined =>
  parseHouse(readPrivateFile(houseFile(dataDir)) ?? "");

/** A house whose server's address is known. */
export interface OpenHouse extends House {
  readonly nats_url: string;
}

/**
 * What the running house in a data folder tells, once it is ready.
 *
 * @param onWait Called once when it still starts.
 * @throws {CliError} MAPEK_CLI_NO_HOUSE when it ends meanwhile or is not ready within a minute.
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
