import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder with an own PATH, cache, home and apt sources: nothing of the machine is found by chance. */
export interface Sandbox extends AsyncDisposable {
  root: string;
  cache: string;
  bin: string;
  env: NodeJS.ProcessEnv;
  /** For findServer: nothing outside of PATH, and apt sources that hold no mirror. */
  nothingElse: { systemFolders: string[]; aptSourceList: string; env: NodeJS.ProcessEnv };
  /** Writes an executable shell script and returns its path. */
  script(path: string, body: string): Promise<string>;
  /** A fake nats-server that only prints its version. */
  fakeServer(path: string, version: string): Promise<string>;
  /** Puts all of the machine's programs on PATH, except nats-server and docker. */
  addMachinePrograms(): Promise<void>;
}

export async function makeSandbox(): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), "nats-server-test-"));
  const [bin, cache] = [join(root, "bin"), join(root, "cache")];
  await mkdir(bin);
  const env: NodeJS.ProcessEnv = { PATH: bin, MAPEK_CACHE_DIR: cache, TMPDIR: root };
  const script = async (path: string, body: string): Promise<string> => {
    const full = join(root, path);
    await mkdir(join(full, ".."), { recursive: true });
    await writeFile(full, `#!/bin/sh\n${body}\n`);
    await chmod(full, 0o755);
    return full;
  };
  return {
    root,
    bin,
    cache,
    env,
    nothingElse: { systemFolders: [], aptSourceList: join(root, "no-sources"), env },
    script,
    fakeServer: (path, version) => script(path, `echo "nats-server: v${version}"`),
    async addMachinePrograms() {
      for (const folder of (process.env.PATH ?? "").split(":")) {
        for (const name of await readdir(folder).catch(() => [])) {
          if (name === "nats-server" || name === "docker") continue;
          await symlink(join(folder, name), join(bin, name)).catch(() => {});
        }
      }
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}
