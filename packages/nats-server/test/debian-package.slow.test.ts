import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { readAptSources } from "../src/find/apt-sources.ts";
import { debianMirrors } from "../src/find/debian-mirrors.ts";
import { compareVersions, MINIMUM_VERSION } from "../src/find/version.ts";
import { type FoundServer, findServer } from "../src/index.ts";
import { makeSandbox } from "./sandbox.ts";

const FIND = fileURLToPath(new URL("./fixtures/find.ts", import.meta.url));

const APT = "/usr/bin/apt-get";
const canFetch =
  existsSync(APT) && debianMirrors(await readAptSources(APT, process.env)).length > 0;

it("two processes with an empty cache get Debian's server, fetched once; elsewhere the error says why not", async () => {
  await using sandbox = await makeSandbox();
  await sandbox.addMachinePrograms();
  // A hook as the machine's own settings may have one: it must not run.
  const [hooks, hookRan] = [join(sandbox.root, "hooks.conf"), join(sandbox.root, "hook-ran")];
  await writeFile(hooks, `APT::Update::Post-Invoke { "touch ${hookRan}"; };\n`);
  const env = { ...sandbox.env, APT_CONFIG: hooks };
  const options = { systemFolders: [], env };
  if (!canFetch) {
    await expect(findServer(options)).rejects.toThrow(
      /Debian package: (this machine has no apt|no dpkg-deb|no Debian (keyring|mirror))/,
    );
    return;
  }
  const runs = await Promise.all(
    [1, 2].map(() => promisify(execFile)(process.execPath, [FIND, JSON.stringify(options)])),
  );
  const found = runs.map(({ stdout }) => JSON.parse(stdout) as FoundServer);
  expect(found.map(({ source }) => source).sort()).toEqual(["cache", "debian"]);
  expect(found[0]?.path).toBe(found[1]?.path);
  const version = found[0]?.version ?? "";
  expect(compareVersions(version, MINIMUM_VERSION)).toBeGreaterThanOrEqual(0);
  expect(await readdir(join(sandbox.cache, "nats-server"))).toEqual([
    `${version}-${process.platform}-${process.arch}`,
  ]);
  expect(existsSync(hookRan)).toBe(false);
});

it("a mirror that does not answer is reported for each suite, and nothing stays behind", async () => {
  await using sandbox = await makeSandbox();
  await sandbox.addMachinePrograms();
  const list = join(sandbox.root, "sources.list");
  await writeFile(list, "deb http://user:secret@127.0.0.1:9/debian bookworm main\n");
  const error = await findServer({ ...sandbox.nothingElse, aptSourceList: list }).catch(
    (it: Error) => it,
  );
  const message = (error as Error).message;
  if (canFetch) expect(message).toMatch(/Debian package: sid: apt-get update failed.*testing: apt/);
  else expect(message).toMatch(/Debian package: (this machine has no apt|no )/);
  expect(message).not.toContain("secret");
  expect(await readdir(join(sandbox.cache, "nats-server"))).toEqual([]);
});
