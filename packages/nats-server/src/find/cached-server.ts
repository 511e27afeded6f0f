import { chmod, mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inspectBinary } from "./binary.ts";
import { isTrusted } from "./cache-folder.ts";
import { compareVersions } from "./version.ts";

/**
 * End of an entry's name in a cache folder, after the version: platform and architecture, so that machines can share a
 * home folder.
 */
const SUFFIX = `-${process.platform}-${process.arch}`;

/**
 * The newest usable server in the given cache folders.
 *
 * @returns Its path and version, or the reason why there is none.
 */
export async function findCached(
  folders: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ path: string; version: string } | { reason: string }> {
  const refused: string[] = [];
  for (const folder of folders) {
    if (!(await isTrusted(folder, env))) continue;
    const entries = await readdir(folder).catch(() => []);
    const versions = entries
      .filter((entry) => /^\d/.test(entry) && entry.endsWith(SUFFIX))
      .map((entry) => entry.slice(0, -SUFFIX.length))
      .sort((a, b) => compareVersions(b, a));
    for (const version of versions) {
      const path = binaryPath(folder, version);
      const inspection = await inspectBinary(path, env);
      if (inspection.ok) return { path, version: inspection.version };
      refused.push(`${path} ${inspection.reason}`);
    }
  }
  if (refused.length > 0) return { reason: refused.join("; ") };
  return { reason: `no server in ${folders.join(" or ")}` };
}

/**
 * Puts a fetched binary into the cache by a rename, so that no process sees half a file. Where another process was
 * faster, its copy is kept if it runs, else replaced.
 *
 * @param binary The fetched file, on the same file system as `folder`; it is moved.
 * @returns Path of the binary in the cache.
 */
export async function putIntoCache(
  binary: string,
  version: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const target = binaryPath(folder, version);
  const staged = join(dirname(binary), "staged");
  await mkdir(staged);
  await chmod(binary, 0o755);
  await rename(binary, join(staged, "nats-server"));
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(staged, dirname(target));
      return target;
    } catch (error) {
      if ((await inspectBinary(target, env)).ok) return target;
      if (attempt === 3) throw error;
      await rm(dirname(target), { recursive: true, force: true });
    }
  }
}

function binaryPath(folder: string, version: string): string {
  return join(folder, `${version}${SUFFIX}`, "nats-server");
}
