import { lstatSync, mkdirSync, readdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { isAbsolute, join } from "node:path";
import { isOwn } from "./private-file.ts";

/**
 * Folders in which the houses of this user are listed, best first: `$XDG_RUNTIME_DIR/mapek`, and one of this user's
 * own in the temporary folder, for where that variable is not set.
 */
function runtimeFolders(env: NodeJS.ProcessEnv): string[] {
  const { XDG_RUNTIME_DIR: xdg = "" } = env;
  const user = process.getuid?.() ?? userInfo().username;
  const own = join(tmpdir(), `mapek-${user}`);
  // Only an existing folder: its specification leaves it to the system to make and to close it.
  return isAbsolute(xdg) && isUsable(xdg) ? [join(xdg, "mapek"), own] : [own];
}

/** The first of them that is, or can be made, this user's own and closed to others; undefined where none can. */
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

/** Files of houses that this user's own folders list. */
export function runtimeFiles(env: NodeJS.ProcessEnv): string[] {
  return runtimeFolders(env)
    .filter(isUsable)
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith(".json"))
        .map((name) => join(folder, name)),
    );
}

/** In the temporary folder anybody can make a folder, or a link, of our name first. */
function isUsable(folder: string): boolean {
  try {
    const stats = lstatSync(folder);
    const isClosed = process.platform === "win32" || (stats.mode & 0o077) === 0;
    return stats.isDirectory() && isOwn(stats) && isClosed;
  } catch {
    return false;
  }
}
