import { chmod, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cacheFolders, isTrusted, writableCacheFolder } from "../src/find/cache-folder.ts";
import { makeSandbox } from "./sandbox.ts";

it("takes MAPEK_CACHE_DIR, else XDG_CACHE_HOME, else HOME; empty counts as unset", () => {
  const first = (env: NodeJS.ProcessEnv): string | undefined => cacheFolders(env)[0];
  const [HOME, XDG_CACHE_HOME, MAPEK_CACHE_DIR] = ["/h", "/x", "/m"];
  expect(first({ HOME, XDG_CACHE_HOME, MAPEK_CACHE_DIR })).toBe("/m/nats-server");
  expect(first({ HOME, XDG_CACHE_HOME, MAPEK_CACHE_DIR: "" })).toBe("/x/mapek/nats-server");
  expect(first({ HOME, XDG_CACHE_HOME: "" })).toBe("/h/.cache/mapek/nats-server");
  expect(first({ HOME, XDG_CACHE_HOME: "relative" })).toBe("/h/.cache/mapek/nats-server");
  expect(first({ HOME: "" })?.startsWith(tmpdir())).toBe(true);
});

it("falls back to the temporary folder when the home cannot hold a cache", async () => {
  await using sandbox = await makeSandbox();
  const HOME = join(sandbox.root, "a-file");
  await writeFile(HOME, "");
  const folder = await writableCacheFolder({ HOME, TMPDIR: sandbox.root });
  expect(folder).toContain(join(sandbox.root, "mapek-cache-"));
});

it("trusts the shared temporary folder only when nobody else can write to it", async () => {
  await using sandbox = await makeSandbox();
  const env = { HOME: "", TMPDIR: sandbox.root };
  const [folder = ""] = cacheFolders(env);
  await mkdir(join(folder, ".."));
  await chmod(join(folder, ".."), 0o777);
  expect(await isTrusted(folder, env)).toBe(false);
  expect(await writableCacheFolder(env)).toBeUndefined();
  await chmod(join(folder, ".."), 0o700);
  expect(await isTrusted(folder, env)).toBe(true);
  expect(await writableCacheFolder(env)).toBe(folder);
});
