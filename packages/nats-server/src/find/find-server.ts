import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Attempt, NatsServerError } from "../errors.ts";
import { findExecutables, inspectBinary } from "./binary.ts";
import { cacheFolders, writableCacheFolder } from "./cache-folder.ts";
import { findCached, putIntoCache } from "./cached-server.ts";
import { fetchDebianPackage } from "./debian-package.ts";
import { DOCKER_IMAGE, fetchFromDockerImage } from "./docker-image.ts";
import { withFetchLock } from "./fetch-lock.ts";
import { MINIMUM_VERSION } from "./version.ts";

/** A usable server program. */
export interface FoundServer {
  path: string;
  version: string;
  source: "env" | "path" | "cache" | "debian" | "docker";
}

export interface FindServerOptions {
  /** Environment with `NATS_SERVER_BIN`, `PATH`, `HOME` and the cache's variables. @default process.env */
  env?: NodeJS.ProcessEnv;
  /** Folders searched after PATH, where packages install servers. @default /usr/local/sbin, /usr/sbin */
  systemFolders?: readonly string[];
  /** A file of apt sources. @default those of apt itself */
  aptSourceList?: string;
  /** Called before something is fetched, which takes seconds. */
  onFetch?: (way: "debian" | "docker") => void;
}

const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin"];
const LOCK_WAIT_MS = 180_000;
const LEFT_BEHIND_MS = 600_000;

/**
 * Finds a nats-server of at least {@link MINIMUM_VERSION}; fetches one where none is found. The order:
 * `NATS_SERVER_BIN`, PATH, cache, Debian package, Docker image.
 *
 * Safe to call from many processes at once: one fetches, the others wait for it.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_BAD_BINARY where `NATS_SERVER_BIN` is set but missing, too old or not
 * runnable; MAPEK_NATS_SERVER_NOT_FOUND where every way failed, with the list of ways.
 * Cost: about 20 ms where one is found, 3 to 10 s where one is fetched.
 */
export async function findServer(options: FindServerOptions = {}): Promise<FoundServer> {
  const env = options.env ?? process.env;
  const tried: Attempt[] = [];

  const named = env.NATS_SERVER_BIN ?? "";
  if (named !== "") {
    return { path: named, version: await requireUsable(named, env), source: "env" };
  }
  tried.push({ way: "NATS_SERVER_BIN", outcome: "not set" });

  const folders = options.systemFolders ?? SYSTEM_FOLDERS;
  const refused: string[] = [];
  for (const path of await findExecutables("nats-server", env, folders)) {
    const inspection = await inspectBinary(path, env);
    if (inspection.ok) return { path, version: inspection.version, source: "path" };
    refused.push(`${path} ${inspection.reason}`);
  }
  tried.push({ way: "PATH", outcome: refused.join("; ") || "no nats-server on it" });

  const caches = cacheFolders(env);
  const cached = await findCached(caches, env);
  if ("path" in cached) return { ...cached, source: "cache" };
  tried.push({ way: "cache", outcome: cached.reason });

  const folder = await writableCacheFolder(env);
  if (folder === undefined) {
    const outcome = `no folder to fetch into: cannot write to ${caches.join(", ")}`;
    tried.push({ way: "Debian package", outcome }, { way: "Docker image", outcome });
    throw notFound(tried);
  }
  return await withFetchLock<FoundServer>(
    join(folder, "fetch.lock"),
    LOCK_WAIT_MS,
    async () => {
      const found = await findCached([folder], env);
      return "path" in found ? { ...found, source: "cache" } : undefined;
    },
    () => fetchServer(folder, tried, env, options),
  );
}

/**
 * Checks a binary that an option or a variable names.
 *
 * @returns Its version.
 * @throws {NatsServerError} MAPEK_NATS_SERVER_BAD_BINARY where it is missing, too old or does not run.
 */
export async function requireUsable(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const inspection = await inspectBinary(path, env);
  if (inspection.ok) return inspection.version;
  const { reason } = inspection;
  throw new NatsServerError("MAPEK_NATS_SERVER_BAD_BINARY", `${path} ${reason}`, { path, reason });
}

async function fetchServer(
  folder: string,
  tried: Attempt[],
  env: NodeJS.ProcessEnv,
  options: FindServerOptions,
): Promise<FoundServer> {
  await removeLeftBehind(folder);
  const work = await mkdtemp(join(folder, "fetch-"));
  const ways = [
    {
      way: "Debian package",
      source: "debian" as const,
      fetch: () => fetchDebianPackage(work, options.aptSourceList, env),
    },
    {
      way: `Docker image ${DOCKER_IMAGE}`,
      source: "docker" as const,
      fetch: () => fetchFromDockerImage(work, env),
    },
  ];
  try {
    for (const { way, source, fetch } of ways) {
      options.onFetch?.(source);
      const fetched = await fetch();
      if ("reason" in fetched) {
        tried.push({ way, outcome: fetched.reason });
        continue;
      }
      const inspection = await inspectBinary(fetched.binary, env);
      if (!inspection.ok) {
        tried.push({ way, outcome: `what it gave ${inspection.reason}` });
        continue;
      }
      const { version } = inspection;
      return { path: await putIntoCache(fetched.binary, version, folder, env), version, source };
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  throw notFound(tried);
}

/** Removes work folders of fetches that were killed. */
async function removeLeftBehind(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith("fetch-")) continue;
    const stats = await stat(join(folder, name)).catch(() => undefined);
    if (stats !== undefined && Date.now() - stats.mtimeMs > LEFT_BEHIND_MS) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

function notFound(tried: readonly Attempt[]): NatsServerError<"MAPEK_NATS_SERVER_NOT_FOUND"> {
  const list = tried.map(({ way, outcome }) => `  - ${way}: ${outcome}`).join("\n");
  return new NatsServerError(
    "MAPEK_NATS_SERVER_NOT_FOUND",
    `version ${MINIMUM_VERSION} or newer is needed. Tried:
${list}
To install one, do any of these:
  - put a nats-server (https://github.com/nats-io/nats-server/releases) on PATH, or name it in NATS_SERVER_BIN
  - macOS: brew install nats-server; with Go: go install github.com/nats-io/nats-server/v2@latest
  - use a server that runs already: NATS_URL=nats://host:4222`,
    { minimumVersion: MINIMUM_VERSION, tried },
  );
}
