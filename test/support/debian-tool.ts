import { execFile } from "node:child_process";
import { access, constants, copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { fetchDebianPackage } from "../../packages/nats-server/src/find/debian-package.ts";

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 180_000;

/** Where programs that were fetched are kept, by package. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "mapek", "tools");

/** A program that tests run, or why there is none. */
export type Tool = { readonly path: string } | { readonly reason: string };

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/**
 * A program of a Debian package: from PATH, from the cache, else fetched by the machine's own apt and unpacked, without touching
 * the system. Two processes may do so at the same time.
 */
export async function debianTool(name: string, debianPackage: string): Promise<Tool> {
  const folder = join(CACHE, debianPackage);
  const inFolder = join(folder, "usr", "bin", name);
  const onPath = (process.env.PATH ?? "").split(delimiter).map((entry) => join(entry, name));
  for (const path of [...onPath, inFolder]) if (await isExecutable(path)) return { path };
  const work = await mkdtemp(join(tmpdir(), "mapek-tool-"));
  try {
    const options = { cwd: work, timeout: FETCH_TIMEOUT_MS };
    await run("apt-get", ["-q", "download", debianPackage], options);
    const [archive] = (await readdir(work)).filter((file) => file.endsWith(".deb"));
    await run("dpkg-deb", ["-x", join(work, archive ?? ""), join(work, "unpacked")], options);
    await mkdir(CACHE, { recursive: true });
    await rename(join(work, "unpacked"), folder).catch(() => {}); // Another process was first.
    return (await isExecutable(inFolder))
      ? { path: inFolder }
      : { reason: `${debianPackage} has no ${name}` };
  } catch (error) {
    return {
      reason: `${name} is not on PATH, and apt-get did not fetch ${debianPackage}: ${firstLine(error)}`,
    };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Docker's compose, which tells whether a file is valid without an engine: of Debian's newest suite, cached as the others. */
export async function dockerCompose(): Promise<Tool> {
  const path = join(CACHE, "docker-compose");
  if (await isExecutable(path)) return { path };
  const work = await mkdtemp(join(tmpdir(), "mapek-tool-"));
  try {
    const program = {
      name: "docker-compose",
      paths: ["usr/libexec/docker/cli-plugins/docker-compose"],
    };
    const found = await fetchDebianPackage(work, undefined, process.env, program);
    if ("reason" in found) return found;
    await mkdir(CACHE, { recursive: true });
    await copyFile(found.binary, `${path}.${process.pid}`);
    await rename(`${path}.${process.pid}`, path);
    return { path };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const firstLine = (error: unknown): string => String((error as Error).message).split("\n")[0] ?? "";
