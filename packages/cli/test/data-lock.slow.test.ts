import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { APART, answers, Machine } from "./fake-house.ts";
import { processesWith, type Run, until } from "./processes.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let machine: Machine;
let data = "";
beforeEach(async () => {
  machine = await Machine.start();
  data = join(machine.work, ".mapek/data");
});
afterEach(() => machine[Symbol.asyncDispose]());

const isReady = (run: Run): boolean => run.stdout().includes('"event":"ready"');
const houseOf = () => JSON.parse(readFileSync(join(data, "house.json"), "utf8"));
/** Ids of nats-servers, not of their keepers, that work on the folder. */
const servers = (): number[] =>
  processesWith(data).filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[0] ?? "";
      return command.endsWith("nats-server");
    } catch {
      return false;
    }
  });

it("of two that start at once exactly one gets the folder, every time", async () => {
  for (let turn = 0; turn < 6; turn++) {
    await using one = machine.up();
    await using two = machine.up();
    const runs = [one, two];
    await until("one is ready, one has ended", () => {
      const ended = runs.filter((run) => run.child.exitCode !== null).length;
      return ended === 2 || (ended === 1 && runs.some(isReady));
    });
    const [winner] = runs.filter(isReady);
    const [loser] = runs.filter((run) => run !== winner);
    expect(winner?.child.exitCode).toBeNull();
    expect((await loser?.exited)?.code).toBe(1);
    expect(loser?.stderr()).toMatch(/^MAPEK_CLI_DATA_IN_USE: [^\n]+\n$/);
    expect(servers()).toHaveLength(1);
    winner?.child.kill("SIGINT");
    await winner?.exited;
  }
});

it("is free at once after kill -9, but no second server begins beside the one that still ends", async () => {
  const args = ["--nats-port", "0"];
  await using first = await machine.ready(args);
  const [server = 0] = servers();
  const keepers = processesWith(data).filter((pid) => pid !== server && pid !== first.pid);
  // The server of a killed one goes on for as long as its keeper takes.
  for (const keeper of keepers) process.kill(keeper, "SIGSTOP");
  first.child.kill("SIGKILL");
  await using second = machine.up(args);
  await until("it says that it waits", () =>
    second.stderr().includes("waiting for the nats-server"),
  );
  expect(servers()).toEqual([server]);
  for (const keeper of keepers) process.kill(keeper, "SIGCONT");
  await until("it is ready", () => isReady(second));
  expect(servers()).toHaveLength(1);
  expect(servers()).not.toEqual([server]);
  second.child.kill("SIGINT");
  expect((await second.exited).code).toBe(0);
});

it("serves what the killed one had stored, on the port that was named", async () => {
  const { port } = machine.stranger;
  await machine.stranger.stop();
  const args = ["--nats-port", String(port), "--config", "ports.yaml"];
  writeFileSync(
    join(machine.work, "ports.yaml"),
    `mape_k_tuning: { console: { port: ${port + 1} }, http: { port: ${port + 2} } }\n`,
  );
  for (let turn = 0; turn < 3; turn++) {
    await using run = await machine.ready(args);
    expect(run.events()[0]).toMatchObject({ nats_url: `nats://127.0.0.1:${port}` });
    const connection = await connect({ servers: `nats://127.0.0.1:${port}` });
    const ask = async (subject: string, body = "") =>
      (await connection.request(subject, body, { timeout: 60_000 })).json<{
        state?: { messages: number };
      }>();
    if (turn === 0)
      await ask("$JS.API.STREAM.CREATE.KEPT", JSON.stringify({ name: "KEPT", subjects: ["kept"] }));
    await ask("kept", "x");
    expect((await ask("$JS.API.STREAM.INFO.KEPT")).state?.messages).toBe(turn + 1);
    await connection.close();
    run.child.kill("SIGKILL");
    await run.exited;
  }
});

it("is kept by one that is stopped; the error says who holds it and what to do", async () => {
  await using run = await machine.ready();
  const { started_at } = houseOf();
  run.child.kill("SIGSTOP");
  await using second = machine.up();
  expect((await second.exited).code).toBe(1);
  expect(second.stderr()).toBe(
    `MAPEK_CLI_DATA_IN_USE: ${data} is used by process ${run.pid} on ${hostname()} since ${started_at}; ` +
      "stop it, or choose another folder with --data\n",
  );
  run.child.kill("SIGCONT");
  run.child.kill("SIGINT");
  expect((await run.exited).code).toBe(0);
});

it("does not fall for a process id that was given anew, nor for files that were left", async () => {
  await using first = await machine.ready();
  first.child.kill("SIGKILL");
  await first.exited;
  // This process lives, and once it refused whoever came.
  writeFileSync(join(data, "house.json"), JSON.stringify({ ...houseOf(), pid: process.pid }));
  writeFileSync(join(data, "up.pid"), `${process.pid}\n`);
  await using second = await machine.ready();
  expect(houseOf().pid).toBe(second.pid);
});

it("holds between pid namespaces, as between containers that share the folder", async ({
  skip,
}) => {
  const [unshare, ...apart] = APART;
  try {
    execFileSync(unshare, [...apart, "true"], { stdio: "pipe" });
  } catch (error) {
    console.warn(`skipped: no pid namespaces here (${(error as Error).message.trim()})`);
    skip();
  }
  const refused = async (under: readonly string[] = []) => {
    await using run = machine.up([], { under });
    expect((await run.exited).code).toBe(1);
    expect(run.stderr()).toMatch(/^MAPEK_CLI_DATA_IN_USE: /);
  };
  {
    await using run = await machine.ready();
    await refused(APART);
    run.child.kill("SIGINT");
    await run.exited;
  }
  await using there = await machine.ready([], { under: [...APART, "--kill-child"] });
  await refused();
  await refused(APART);
  expect(await answers(houseOf().nats_url)).toBe(true);
  const { stdout } = await machine.mapek(["address"]);
  expect(stdout).toBe(`${houseOf().nats_url}\n`);
  there.child.kill("SIGKILL");
  await there.exited;
  await using after = await machine.ready();
  expect(existsSync(join(data, "house.json"))).toBe(true);
  after.child.kill("SIGINT");
  await after.exited;
});
