import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { isOwn } from "./private-file.ts";

/**
 * Folders that list the houses of this user, the preferred one first: `$XDG_RUNTIME_DIR/mapek`, and `mapek-<uid>` in
 * the temporary folder, where XDG_RUNTIME_DIR is not set.
 */
function runtimeFolders(env: NodeJS.ProcessEnv): string[] {
  const { XDG_RUNTIME_DIR: xdg = "" } = env;
  const user = process.getuid?.() ?? userInfo().username;
  const own = join(tmpdir(), `mapek-${user}`);
  // XDG_RUNTIME_DIR must exist already: by its specification the system creates the folder and closes it to others.
  return isAbsolute(xdg) && isUsable(xdg) ? [join(xdg, "mapek"), own] : [own];
}

/** The first runtime folder that this user owns, or can create, closed to others; undefined where there is none. */
export function writableRuntimeFolder(env: NodeJS.ProcessEnv): string | undefined {
  return runtimeFolders(env).find((folder) => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch {
      return false;
    }
    return isUsable(folder);
  });
}

/** Paths of the house files in this user's runtime folders. */
export function runtimeFiles(env: NodeJS.ProcessEnv): string[] {
  return runtimeFolders(env)
    .filter(isUsable)
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => join(folder, name)),
    );
}

/** Whether a folder is owned by this user and closed to others. In the temporary folder anybody could create our name first. */
function isUsable(folder: string): boolean {
  try {
    const stats = lstatSync(folder);
    const isClosed = process.platform === "win32" || (stats.mode & 0o077) === 0;
    return stats.isDirectory() && isOwn(stats) && isClosed;
  } catch {
    return false;
  }
}
