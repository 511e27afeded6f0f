import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";

/**
 * Takes a data folder for this process: two servers on one store would destroy it. A lock whose
 * process is gone is taken over.
 *
 * @returns What gives the folder back.
 * @throws {CliError} MAPEK_CLI_DATA_IN_USE; MAPEK_CLI_FILE where the folder cannot be written.
 */
export function lockDataFolder(folder: string): () => void {
  const path = join(folder, "up.pid");
  try {
    mkdirSync(folder, { recursive: true });
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const holder = Number(readFileSync(path, "utf8"));
      if (isAlive(holder) && holder !== process.pid)
        throw new CliError(
          "MAPEK_CLI_DATA_IN_USE",
          `${folder} is used by process ${holder}; stop it, or choose another folder with --data`,
        );
      writeFileSync(path, `${process.pid}\n`);
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError("MAPEK_CLI_FILE", `${folder}: ${(cause as Error).message}`, { cause });
  }
  return () => rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
