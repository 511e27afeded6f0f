import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type FoundServer, findServer, NatsServerError, resolveServer } from "../src/index.ts";
import { makeSandbox, type Sandbox } from "./sandbox.ts";

const FIND = fileURLToPath(new URL("./fixtures/find.ts", import.meta.url));
const CACHED = `2.13.0-${process.platform}-${process.arch}/nats-server`;

/** A docker whose image holds version 2.14.0, which takes a moment and writes down each fetch. */
async function addFakeDocker({ root, script }: Sandbox): Promise<() => Promise<number>> {
  const fetches = join(root, "fetches");
  await writeFile(fetches, "");
  await script(
    "bin/docker",
    `case "$1" in
create) echo x >> ${fetches}; /bin/sleep 0.3; echo container-1;;
cp) printf '#!/bin/sh\\necho nats-server: v2.14.0\\n' > "$3"; /bin/chmod 755 "$3";;
esac`,
  );
  return async () => (await readFile(fetches, "utf8")).length / 2;
}

it("goes by NATS_SERVER_BIN, PATH, cache, in this order", async () => {
  await using sandbox = await makeSandbox();
  const { nothingElse, env } = sandbox;
  const named = await sandbox.fakeServer("own/server", "2.12.1");
  const onPath = await sandbox.fakeServer("bin/nats-server", "2.15.0");
  const cached = await sandbox.fakeServer(`cache/nats-server/${CACHED}`, "2.13.0");

  const withName = { ...nothingElse, env: { ...env, NATS_SERVER_BIN: named } };
  expect(await findServer(withName)).toEqual({ path: named, version: "2.12.1", source: "env" });
  expect(await findServer(nothingElse)).toEqual({
    path: onPath,
    version: "2.15.0",
    source: "path",
  });
  await sandbox.fakeServer("bin/nats-server", "2.12.0");
  expect(await findServer(nothingElse)).toEqual({
    path: cached,
    version: "2.13.0",
    source: "cache",
  });
});

it("an empty NATS_SERVER_BIN or NATS_URL counts as unset", async () => {
  await using sandbox = await makeSandbox();
  const path = await sandbox.fakeServer("bin/nats-server", "2.15.0");
  const env = { ...sandbox.env, NATS_SERVER_BIN: "", NATS_URL: "" };
  const options = { ...sandbox.nothingElse, env };
  expect(await findServer(options)).toMatchObject({ path, source: "path" });
  expect(await resolveServer(options)).toMatchObject({ type: "program", path });
});

it("NATS_URL comes before everything else", async () => {
  const env = { NATS_URL: "nats://elsewhere:4222", NATS_SERVER_BIN: "/missing" };
  expect(await resolveServer({ env })).toEqual({ type: "running", url: "nats://elsewhere:4222" });
});

it("a later and newer server on PATH, or in the system's folders, is taken after a too old one", async () => {
  await using sandbox = await makeSandbox();
  await sandbox.fakeServer("bin/nats-server", "2.10.0");
  const newer = await sandbox.fakeServer("bin2/nats-server", "2.12.1");
  const env = { ...sandbox.env, PATH: `${sandbox.bin}:${join(sandbox.root, "bin2")}` };
  expect(await findServer({ ...sandbox.nothingElse, env })).toMatchObject({ path: newer });
  const systemFolders = [join(sandbox.root, "bin2")];
  expect(await findServer({ ...sandbox.nothingElse, systemFolders })).toMatchObject({
    path: newer,
  });
});

it.each([
  ["missing", undefined, "not an executable file"],
  ["too old", `echo "nats-server: v2.10.0"`, "is 2.10.0, older than 2.12.1"],
  ["a pre-release of the minimum", `echo "nats-server: v2.12.1-RC.1"`, "older than 2.12.1"],
  ["broken", "echo no library >&2; exit 127", "no library"],
  ["something else", "echo hello", "does not print a nats-server version"],
])("a NATS_SERVER_BIN that is %s is an error at once", async (_name, body, reason) => {
  await using sandbox = await makeSandbox();
  await sandbox.fakeServer("bin/nats-server", "2.15.0");
  const named = join(sandbox.root, "own/server");
  if (body !== undefined) await sandbox.script("own/server", body);
  const env = { ...sandbox.env, NATS_SERVER_BIN: named };
  await expect(findServer({ ...sandbox.nothingElse, env })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_BAD_BINARY",
    message: expect.stringContaining(reason),
    details: { path: named },
  });
});

it("an error lists every way that was tried, why it failed, and how to install a server", async () => {
  await using sandbox = await makeSandbox();
  await sandbox.fakeServer("bin/nats-server", "2.10.0");
  await sandbox.script(`cache/nats-server/${CACHED}`, "exit 1");
  await sandbox.script("bin/docker", "echo Cannot connect to the daemon >&2; exit 1");
  const error = await findServer(sandbox.nothingElse).catch((it: unknown) => it);
  expect(error).toBeInstanceOf(NatsServerError);
  const { code, message } = error as NatsServerError;
  expect(code).toBe("MAPEK_NATS_SERVER_NOT_FOUND");
  expect(message).toMatch(/- NATS_SERVER_BIN: not set/);
  expect(message).toMatch(/- PATH: .*is 2\.10\.0, older than 2\.12\.1/);
  expect(message).toMatch(/- cache: .*does not run \(exit code 1\)/);
  expect(message).toMatch(/- Debian package: this machine has no apt/);
  expect(message).toMatch(/- Docker image .*no engine answers .*Cannot connect to the daemon/);
  expect(message).toMatch(/NATS_SERVER_BIN[\s\S]*brew install[\s\S]*NATS_URL=/);
  expect(await readdir(join(sandbox.cache, "nats-server"))).toEqual([CACHED.split("/")[0]]);
});

it("when no folder can be written to, that is said for each fetch", async () => {
  await using sandbox = await makeSandbox();
  const file = join(sandbox.root, "a-file");
  await writeFile(file, "");
  const env = { ...sandbox.env, MAPEK_CACHE_DIR: file, TMPDIR: file };
  await expect(findServer({ ...sandbox.nothingElse, env })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_NOT_FOUND",
    message: expect.stringMatching(
      /Debian package: no folder to fetch into[\s\S]*Docker image: no/,
    ),
  });
});

it("takes the server out of the Docker image when nothing else gives one", async () => {
  await using sandbox = await makeSandbox();
  await addFakeDocker(sandbox);
  const asked: string[] = [];
  const onFetch = (way: string): void => {
    asked.push(way);
  };
  const found = await findServer({ ...sandbox.nothingElse, onFetch });
  expect(found).toMatchObject({ version: "2.14.0", source: "docker" });
  expect(found.path).toContain("2.14.0");
  expect(asked).toEqual(["debian", "docker"]);
  expect(await findServer({ ...sandbox.nothingElse, onFetch })).toEqual({
    ...found,
    source: "cache",
  });
});

it("of several processes with an empty cache one fetches and all get its server", async () => {
  await using sandbox = await makeSandbox();
  const countFetches = await addFakeDocker(sandbox);
  const runs = await Promise.all(
    [1, 2, 3, 4].map(() =>
      promisify(execFile)(process.execPath, [FIND, JSON.stringify(sandbox.nothingElse)]),
    ),
  );
  const found = runs.map(({ stdout }) => JSON.parse(stdout) as FoundServer);
  expect(new Set(found.map(({ path }) => path)).size).toBe(1);
  expect(await countFetches()).toBe(1);
  expect(found.filter(({ source }) => source === "docker")).toHaveLength(1);
  expect(await readdir(join(sandbox.cache, "nats-server"))).toEqual([
    `2.14.0-${process.platform}-${process.arch}`,
  ]);
});

it.each([
  ["a dead process", JSON.stringify({ host: hostname(), pid: 2 ** 22 + 1 })],
  ["nobody knows whom, long silent", "{"],
])(
  "a lock left behind by %s does not hold the fetch up",
  async (_name, owner) => {
    await using sandbox = await makeSandbox();
    await addFakeDocker(sandbox);
    const lock = join(sandbox.cache, "nats-server", "fetch.lock");
    await mkdir(join(lock, ".."), { recursive: true });
    await writeFile(lock, owner);
    if (owner === "{") {
      await utimes(lock, new Date(0), new Date(0));
    }
    expect(await findServer(sandbox.nothingElse)).toMatchObject({ source: "docker" });
    expect(await readdir(join(sandbox.cache, "nats-server"))).not.toContain("fetch.lock");
  },
  8_000,
);
