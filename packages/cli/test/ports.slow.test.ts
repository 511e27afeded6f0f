import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { SERVICES } from "@mapek/core/contract";
import { freePort } from "@mapek/nats-server";
import { DEFAULT_PORTS } from "@mapek/runtime/default-ports";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Machine } from "./fake-house.ts";
import type { Run } from "./processes.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.start();
});
afterEach(() => machine[Symbol.asyncDispose]());

const CONFIG = ["--config", "ports.yaml"];
const configure = (tuning: object): void =>
  writeFileSync(join(machine.work, "ports.yaml"), JSON.stringify({ mape_k_tuning: tuning }));
const portsOf = (run: Run): Record<string, number> => {
  const { http } = run.events()[0] as { http: Record<string, string> };
  return Object.fromEntries(
    Object.entries(http).map(([it, url]) => [it, Number(new URL(url).port)]),
  );
};
async function refused(args: readonly string[], env: Record<string, string> = {}) {
  await using run = machine.up(args, { env });
  const { code } = await run.exited;
  expect(run.stdout()).toBe("");
  return { code, stderr: run.stderr() };
}
/** As many ports in a row, free a moment ago. */
async function row(count: number): Promise<number> {
  for (;;) {
    const first = await freePort("127.0.0.1");
    const listeners = [];
    try {
      for (let port = first; port < first + count; port++) listeners.push(await occupy(port));
      return first;
    } catch {
      // One of them is taken.
    } finally {
      for (const listener of listeners) await listener[Symbol.asyncDispose]();
    }
  }
}
function occupy(port: number) {
  return new Promise<AsyncDisposable>((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => resolve(server));
  });
}

it("takes console.port and http.port of the configuration, a port each service in their order", async () => {
  const first = await row(5);
  configure({ console: { port: first }, http: { port: first + 1 } });
  const expected = Object.fromEntries(
    [...SERVICES.entries()].map(([i, it]) => [it, first + 1 + i]),
  );
  {
    await using run = await machine.ready(CONFIG);
    expect(portsOf(run)).toEqual({ ...expected, console: first });
    run.child.kill("SIGINT");
    await run.exited;
  }
  const env = { MAPEK_CONSOLE_PORT: String(first + 4), MAPEK_HTTP_PORT: String(first) };
  await using run = await machine.ready(CONFIG, { env });
  expect(portsOf(run)).toMatchObject({ monitor: first, feedback: first + 3, console: first + 4 });
});

it("refuses a named port that is taken with the setting and the port, before anything starts", async () => {
  const first = await row(5);
  configure({ console: { port: first }, http: { port: first + 1 } });
  {
    await using _other = await occupy(first);
    const { code, stderr } = await refused(CONFIG);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      `MAPEK_CLI_PORT_TAKEN: console.port = ${first} on 127.0.0.1: set another`,
    );
    // Without the page its port does not matter.
    await using run = await machine.ready([...CONFIG, "--no-console"]);
    run.child.kill("SIGINT");
    await run.exited;
  }
  {
    await using _other = await occupy(first + 3);
    const { stderr } = await refused(CONFIG);
    expect(stderr).toMatch(`MAPEK_CLI_PORT_TAKEN: http.port + 2 (optimizer) = ${first + 3} on`);
  }
  const { port } = machine.stranger;
  const nats = await refused(["--nats-port", String(port)]);
  expect(nats).toEqual({
    code: 1,
    stderr: `MAPEK_CLI_PORT_TAKEN: --nats-port ${port}: choose another, or 0 for a free one\n`,
  });
});

it("gives a free port in place of a taken default one", async () => {
  await using taken = new AsyncDisposableStack();
  // One that cannot be occupied is taken already.
  for (const port of Object.values(DEFAULT_PORTS))
    await occupy(port).then(
      (it) => taken.use(it),
      () => {},
    );
  await using run = await machine.ready();
  // The stand-ins print the port that they are given: 0, which lets a service take a free one.
  expect(new Set(Object.values(portsOf(run)))).toEqual(new Set([0]));
});

it("refuses settings that contradict each other", async () => {
  configure({ console: { port: 20_002 }, http: { port: 20_000 } });
  expect(await refused(CONFIG)).toEqual({
    code: 2,
    stderr:
      "MAPEK_CLI_USAGE: http.port + 2 (optimizer) and console.port are both 20002: set them apart\n",
  });
  configure({ http: { port: 65_533 } });
  expect((await refused(CONFIG)).stderr).toMatch(
    /^MAPEK_CLI_USAGE: http.port is 65533, expected at most 65532: /,
  );
  configure({ http: { port: "high" } });
  expect((await refused(CONFIG)).stderr).toMatch(
    /^MAPEK_CONFIG_BAD_VALUE: .*ports.yaml: http.port: /,
  );
  const both = ["--nats-port", "0", "--nats", machine.stranger.url];
  expect((await refused(both)).code).toBe(2);
  expect((await refused(["--nats-port", "0"], { NATS_URL: machine.stranger.url })).code).toBe(2);
  expect((await refused(["--nats-port", "70000"])).code).toBe(2);
});

it("0 is any free port of each", async () => {
  configure({ console: { port: 0 }, http: { port: 0 } });
  await using run = await machine.ready([...CONFIG, "--nats-port", "0"]);
  expect(new Set(Object.values(portsOf(run)))).toEqual(new Set([0]));
});
