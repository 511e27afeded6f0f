import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { startServer } from "../src/index.ts";
import { isAlive, processesWith } from "./processes.ts";
import { until } from "./until.ts";

const PARENT = fileURLToPath(new URL("./fixtures/parent.ts", import.meta.url));

interface Family {
  parent: ChildProcess;
  lines: Interface;
  serverPid: number;
  keeperPid: number;
  runFolder: string;
}

async function startFamily(mode: "wait" | "leave"): Promise<Family> {
  const parent = spawn(process.execPath, [PARENT, "{}", mode], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: parent.stdout! });
  const [line] = (await once(lines, "line")) as [string];
  const { pid, storeDir } = JSON.parse(line) as { pid: number; storeDir: string };
  const runFolder = dirname(storeDir);
  const keeperPid = processesWith(runFolder).find((it) => it !== pid) ?? 0;
  onTestFinished(async () => {
    parent.kill("SIGKILL");
    for (const left of processesWith(runFolder)) process.kill(left, "SIGKILL");
    await rm(runFolder, { recursive: true, force: true });
  });
  return { parent, lines, serverPid: pid, keeperPid, runFolder };
}

async function expectNothingLeft({ runFolder }: Family): Promise<void> {
  await until("server and keeper are gone", () => processesWith(runFolder).length === 0);
}

it("kill -9 of the parent leaves no server, no keeper and no temporary store", async () => {
  const family = await startFamily("wait");
  expect(processesWith(family.runFolder)).toHaveLength(2);
  family.parent.kill("SIGKILL");
  await expectNothingLeft(family);
  expect(existsSync(family.runFolder)).toBe(false);
});

it("an interrupt of the parent's group (Ctrl-C) does not reach the server before `stop` does", async () => {
  const family = await startFamily("wait");
  process.kill(-(family.parent.pid ?? 0), "SIGINT");
  const [line] = (await once(family.lines, "line")) as [string];
  expect(JSON.parse(line)).toEqual({ servedAfterInterrupt: true });
  expect(await once(family.parent, "exit")).toEqual([0, null]);
  await expectNothingLeft(family);
});

it("a parent that ends without stopping is not held up, and the server goes", async () => {
  const family = await startFamily("leave");
  if (family.parent.exitCode === null) await once(family.parent, "exit");
  expect(family.parent.exitCode).toBe(0);
  await expectNothingLeft(family);
});

it("kill -9 of the keeper takes the server along, and the parent sees it", async () => {
  await using server = await startServer();
  const [keeperPid = 0] = processesWith(dirname(server.storeDir)).filter((it) => it !== server.pid);
  process.kill(keeperPid, "SIGKILL");
  expect(await server.exited).toMatchObject({ signal: "SIGKILL" });
  await until("the server is gone", () => processesWith(dirname(server.storeDir)).length === 0);
  await server.restart();
  expect(isAlive(server.pid)).toBe(true);
});

it("a keeper that is stuck does not keep `stop` from ending the server", async () => {
  await using server = await startServer();
  const [keeperPid = 0] = processesWith(dirname(server.storeDir)).filter((it) => it !== server.pid);
  process.kill(keeperPid, "SIGSTOP");
  await server.stop();
  await until("both are gone", () => processesWith(dirname(server.storeDir)).length === 0);
});

it("kill -9 of keeper and parent at once leaves no server where the kernel can be asked for that", async () => {
  const family = await startFamily("wait");
  process.kill(family.keeperPid, "SIGKILL");
  family.parent.kill("SIGKILL");
  if (process.platform === "linux" && existsSync("/usr/bin/setpriv")) {
    await expectNothingLeft(family);
  } else {
    process.kill(family.serverPid, "SIGKILL");
    await expectNothingLeft(family);
  }
});
