import { constants } from "node:fs";
import { access, lstat, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";

/**
 * Folders that may hold fetched servers, best first: `MAPEK_CACHE_DIR`, else `$XDG_CACHE_HOME/mapek`,
 * else `~/.cache/mapek`; then, for when that cannot be used, one of this user in the temporary folder.
 * An empty variable counts as unset, as does a relative `XDG_CACHE_HOME` (its specification says so).
 */
export function cacheFolders(env: NodeJS.ProcessEnv): string[] {
  const { MAPEK_CACHE_DIR: named = "", XDG_CACHE_HOME: xdg = "", HOME: home = "" } = env;
  const folders = [temporaryCache(env)];
  if (named !== "") folders.unshift(resolve(named));
  else if (isAbsolute(xdg)) folders.unshift(join(xdg, "mapek"));
  else if (home !== "") folders.unshift(join(home, ".cache", "mapek"));
  return folders.map((folder) => join(folder, "nats-server"));
}

/** The first of the cache folders that can be made and written to, or undefined. */
export async function writableCacheFolder(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of cacheFolders(env)) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await access(folder, constants.W_OK);
      if (await isTrusted(folder, env)) return folder;
    } catch {
      // Not usable; the next one may be.
    }
  }
  return undefined;
}

/**
 * Whether what lies in a cache folder may be run. In the temporary folder anybody can make a
 * folder of our name first, so there it must be ours and closed to other users.
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
