import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { acquireLock, isLocked } from "../src/file-lock.ts";
import { until } from "./until.ts";

const HOLDER = fileURLToPath(new URL("./fixtures/lock-holder.ts", import.meta.url));
let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mapek-lock-"));
  path = join(folder, "a.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that tries to take the lock, and its word on that. */
async function contender(prefix: readonly string[] = []) {
  const [program = "", ...args] = [...prefix, process.execPath, HOLDER, path];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [word] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { child, word };
}
const ended = async (child: ChildProcess) => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
};
const tryOnce = () => acquireLock(path, { timeoutMs: 0 });

it("is held by one at a time, and free again once it is given back", async () => {
  expect(isLocked(path)).toBe(false);
  const lock = await tryOnce();
  expect(isLocked(path)).toBe(true);
  expect(await tryOnce()).toBeUndefined();
  expect((await contender()).word).toBe("refused");
  lock?.release();
  lock?.release();
  expect(isLocked(path)).toBe(false);
  using again = await tryOnce();
  expect(again).toBeDefined();
  expect(readdirSync(folder)).toEqual(["a.lock"]);
});

it("of many that try at once exactly one gets it, every time", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const all = await Promise.all(Array.from({ length: 4 }, () => contender()));
    expect(all.map(({ word }) => word).sort()).toEqual(["held", "refused", "refused", "refused"]);
    for (const { child } of all) child.kill("SIGKILL");
    await Promise.all(all.map(({ child }) => ended(child)));
  }
});

it("ends with a killed process, at once", async () => {
  const { child } = await contender();
  child.kill("SIGKILL");
  await ended(child);
  using lock = await acquireLock(path, { timeoutMs: 500 });
  expect(lock).toBeDefined();
});

it("is held by a process that is stopped", async () => {
  const { child } = await contender();
  child.kill("SIGSTOP");
  expect(isLocked(path)).toBe(true);
  expect((await contender()).word).toBe("refused");
  child.kill("SIGCONT");
  child.stdin.end();
  await ended(child);
  expect(isLocked(path)).toBe(false);
});

it("is waited for, and that is told once", async () => {
  const { child } = await contender();
  let told = 0;
  const waiting = acquireLock(path, { timeoutMs: 60_000, onWait: () => void told++ });
  await until("it waits", () => told === 1);
  child.stdin.end();
  using lock = await waiting;
  expect(lock).toBeDefined();
  expect(told).toBe(1);
});

it("holds where process ids mean nothing: in another pid namespace", async ({ skip }) => {
  const apart = ["unshare", "--pid", "--fork", "--mount-proc"];
  try {
    const [unshare = "", ...options] = apart;
    execFileSync(unshare, [...options, "true"], { stdio: "pipe" });
  } catch (error) {
    console.warn(`skipped: no pid namespaces here (${(error as Error).message.trim()})`);
    skip();
  }
  {
    using lock = await tryOnce();
    expect(lock).toBeDefined();
    expect((await contender(apart)).word).toBe("refused");
  }
  const there = await contender(apart);
  expect(there.word).toBe("held");
  expect(isLocked(path)).toBe(true);
  expect(await tryOnce()).toBeUndefined();
  there.child.stdin.end();
  await ended(there.child);
  expect(isLocked(path)).toBe(false);
});

it("says so where the file is no lock or cannot be made", async () => {
  writeFileSync(
    path,
    "something else, and long enough to be read as the head of a database".repeat(9),
  );
  await expect(tryOnce()).rejects.toThrow(/not a database/);
  path = join(folder, "no/such/folder.lock");
  await expect(tryOnce()).rejects.toThrow(/unable to open/);
  expect(isLocked(path)).toBe(false);
});
