import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { runCommand } from "./run-command.ts";
import { compareVersions, MINIMUM_VERSION, parseVersion } from "./version.ts";

export type Inspection = { ok: true; version: string } | { ok: false; reason: string };

/** Checks that a file is a nats-server that runs on this machine and is new enough. */
export async function inspectBinary(path: string, env: NodeJS.ProcessEnv): Promise<Inspection> {
  if (!(await isExecutable(path))) return { ok: false, reason: "not an executable file" };
  const run = await runCommand(path, ["--version"], { env, timeoutMs: 10_000 });
  if (!run.ok) return { ok: false, reason: `does not run (${run.failure})` };
  const version = parseVersion(run.stdout);
  if (version === undefined) return { ok: false, reason: "does not print a nats-server version" };
  if (compareVersions(version, MINIMUM_VERSION) < 0) {
    return { ok: false, reason: `is ${version}, older than ${MINIMUM_VERSION}` };
  }
  return { ok: true, version };
}

/**
 * All executable files with a name in the folders of `env.PATH`, then in `moreFolders`, in order. Empty PATH entries,
 * which mean the current folder in a shell, are skipped.
 */
export async function findExecutables(
  name: string,
  env: NodeJS.ProcessEnv,
  moreFolders: readonly string[] = [],
): Promise<string[]> {
  const folders = [...(env.PATH ?? "").split(delimiter), ...moreFolders];
  const paths = new Set(folders.filter((it) => it !== "").map((it) => join(it, name)));
  const found: string[] = [];
  for (const path of paths) {
    if (await isExecutable(path)) found.push(path);
  }
  return found;
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
