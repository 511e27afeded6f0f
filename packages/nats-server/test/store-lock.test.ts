import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startServer, waitForStore } from "../src/index.ts";
import { isAlive, processesWith } from "./processes.ts";
import { until } from "./until.ts";

const PARENT = fileURLToPath(new URL("./fixtures/parent.ts", import.meta.url));
let storeDir = "";
beforeEach(() => {
  storeDir = mkdtempSync(join(tmpdir(), "mapek-store-"));
});
afterEach(() => rmSync(storeDir, { recursive: true, force: true }));

async function parentWithServer(): Promise<{ parent: ChildProcess; pid: number }> {
  const parent = spawn(process.execPath, [PARENT, JSON.stringify({ storeDir }), "wait"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface({ input: parent.stdout! }), "line")) as [string];
  return { parent, pid: (JSON.parse(line) as { pid: number }).pid };
}

it("a store has one server at a time, and serves again after a stop", async () => {
  await using first = await startServer({ storeDir });
  await expect(startServer({ storeDir, storeWaitMs: 100 })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_STORE_IN_USE",
    details: { storeDir },
  });
  await first.restart();
  await first.stop();
  await using second = await startServer({ storeDir, storeWaitMs: 0 });
  expect(isAlive(second.pid)).toBe(true);
});

it("of several that start at once exactly one works on the store", async () => {
  const starts = await Promise.allSettled(
    Array.from({ length: 3 }, () => startServer({ storeDir, storeWaitMs: 0 })),
  );
  const won = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  await Promise.all(won.map((server) => server.stop()));
  expect(won).toHaveLength(1);
  for (const start of starts)
    if (start.status === "rejected")
      expect(start.reason).toMatchObject({ code: "MAPEK_NATS_SERVER_STORE_IN_USE" });
});

it("the server of a killed parent is waited for, even one that does not end by itself", async () => {
  const { parent, pid } = await parentWithServer();
  // Stopped, it would take its SIGTERM at the keeper's SIGCONT; the keeper is stopped too, so it stays.
  const keepers = processesWith(storeDir).filter((it) => it !== pid && it !== parent.pid);
  for (const keeper of keepers) process.kill(keeper, "SIGSTOP");
  parent.kill("SIGKILL");
  await expect(waitForStore(storeDir, { timeoutMs: 300 })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_STORE_IN_USE",
  });
  expect(isAlive(pid)).toBe(true);
  let told = 0;
  const free = waitForStore(storeDir, { onWait: () => void told++ });
  await until("it waits", () => told === 1);
  for (const keeper of keepers) process.kill(keeper, "SIGCONT");
  await free;
  expect(isAlive(pid)).toBe(false);
  await using server = await startServer({ storeDir });
  expect(isAlive(server.pid)).toBe(true);
});
