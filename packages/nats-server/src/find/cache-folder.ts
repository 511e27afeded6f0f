import { constants } from "node:fs";
import { access, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

/**
 * Folders for fetched servers, preferred first: `MAPEK_CACHE_DIR`, else `$XDG_CACHE_HOME/mapek`, else
 * `~/.cache/mapek`; then a folder of this user in the temporary folder, where the first cannot be used. An empty
 * variable counts as unset, and so does a relative `XDG_CACHE_HOME` (XDG Base Directory Specification).
 */
export function cacheFolders(env: NodeJS.ProcessEnv): string[] {
  const { MAPEK_CACHE_DIR: named = "", XDG_CACHE_HOME: xdg = "", HOME: home = "" } = env;
  const folders = [temporaryCache(env)];
  if (named !== "") folders.unshift(resolve(named));
  else if (isAbsolute(xdg)) folders.unshift(join(xdg, "mapek"));
  else if (home !== "") folders.unshift(join(home, ".cache", "mapek"));
  return folders.map((folder) => join(folder, "nats-server"));
}

/** The first cache folder that can be created, written and trusted; undefined where there is none. */
export async function writableCacheFolder(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of cacheFolders(env)) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await access(folder, constants.W_OK);
      if (await isTrusted(folder, env)) return folder;
    } catch {
      // The next folder may be usable.
    }
  }
  return undefined;
}

/**
 * True where programs in a cache folder may be run. In the temporary folder any user can create a folder with this
 * name first, so there the folder must belong to this user and be closed to others.
 */
export async function isTrusted(folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const shared = temporaryCache(env);
  if (dirname(folder) !== shared) return true;
  try {
    const stats = await lstat(shared);
    return stats.isDirectory() && stats.uid === userId() && (stats.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

function temporaryCache(env: NodeJS.ProcessEnv): string {
  return join(env.TMPDIR || tmpdir(), `mapek-cache-${userId()}`);
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
