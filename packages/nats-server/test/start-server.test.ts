import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NodeConnectionOptions } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { compareVersions, MINIMUM_VERSION } from "../src/find/version.ts";
import { type NatsServer, startServer } from "../src/index.ts";
import { isAlive, processesWith } from "./processes.ts";
import { makeSandbox } from "./sandbox.ts";
import { until } from "./until.ts";

async function withConnection<T>(
  server: NatsServer,
  work: (connection: Awaited<ReturnType<typeof connect>>) => Promise<T>,
  options: NodeConnectionOptions = {},
): Promise<T> {
  const connection = await connect({ servers: server.url, reconnect: false, ...options });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

const store = (server: NatsServer, text: string): Promise<number> =>
  withConnection(server, async (connection) => {
    await (await jetstreamManager(connection)).streams.add({ name: "KEPT", subjects: ["kept"] });
    return (await jetstream(connection).publish("kept", text)).seq;
  });

const storedText = (server: NatsServer, seq: number): Promise<string | undefined> =>
  withConnection(server, async (connection) => {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.getMessage("KEPT", { seq }))?.string();
  });

it("starts a server with JetStream that stores a message, and leaves nothing behind", async () => {
  const server = await startServer();
  const runFolder = dirname(server.storeDir);
  expect(compareVersions(server.version, MINIMUM_VERSION)).toBeGreaterThanOrEqual(0);
  expect(server.url).toBe(`nats://127.0.0.1:${server.port}`);
  expect(await store(server, "hello")).toBe(1);
  expect(await storedText(server, 1)).toBe("hello");

  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  server.kill("SIGKILL");
  expect(isAlive(server.pid)).toBe(false);
  expect(processesWith(runFolder)).toEqual([]);
  expect(existsSync(runFolder)).toBe(false);
});

it("`await using` stops it", async () => {
  let pid = 0;
  {
    await using server = await startServer();
    pid = server.pid;
    expect(isAlive(pid)).toBe(true);
  }
  expect(isAlive(pid)).toBe(false);
});

it("restart keeps port and stored messages: while it runs, after a kill, after a stop", async () => {
  await using server = await startServer();
  const { port, pid } = server;
  await store(server, "kept");

  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(await storedText(server, 1)).toBe("kept");

  const { exited } = server;
  server.kill("SIGKILL");
  expect(await exited).toMatchObject({ signal: "SIGKILL" });
  await server.restart();
  expect(await storedText(server, 1)).toBe("kept");

  await server.stop({ keepStore: true });
  await server.restart();
  expect(await storedText(server, 1)).toBe("kept");
  expect(server.port).toBe(port);
});

it("a store that the caller named is never removed", async () => {
  await using sandbox = await makeSandbox();
  const storeDir = join(sandbox.root, "store");
  const first = await startServer({ storeDir });
  await store(first, "kept");
  await first.stop();
  await using second = await startServer({ storeDir });
  expect(await storedText(second, 1)).toBe("kept");
});

it("SIGSTOP makes it silent, SIGCONT lets it go on, and a silent one can be stopped", async () => {
  await using server = await startServer();
  const answers = (): Promise<boolean> =>
    withConnection(server, (it) => it.flush().then(() => true), { timeout: 2_000 }).catch(
      () => false,
    );
  server.kill("SIGSTOP");
  expect(await answers()).toBe(false);
  server.kill("SIGCONT");
  await until("the server answers again", answers);

  server.kill("SIGSTOP");
  await server.stop();
  expect(isAlive(server.pid)).toBe(false);
});

it("takes a configuration file, a login for it, and settings on top", async () => {
  await using sandbox = await makeSandbox();
  const config = join(sandbox.root, "server.conf");
  await writeFile(
    config,
    `port: 1
accounts {
  APP { jetstream: enabled, users: [{ user: app, password: a }] }
  SYS { users: [{ user: sys, password: s }] }
}
system_account: SYS
`,
  );
  const log = join(sandbox.root, "server.log");
  await using server = await startServer({
    config,
    log,
    name: "named",
    syncAlways: true,
    maxPayload: 2_000_000,
    connection: { user: "app", pass: "a" },
  });
  const reply = await withConnection(
    server,
    async (connection) => {
      expect(connection.info).toMatchObject({ max_payload: 2_000_000, server_name: "named" });
      return (await connection.request("$SYS.REQ.SERVER.PING.JSZ", "", { timeout: 60_000 })).json();
    },
    { user: "sys", pass: "s" },
  );
  expect(reply).toMatchObject({ data: { config: { sync_always: true } } });
  expect(await readFile(log, "utf8")).toContain("Server is ready");
});

it("a busy port is START_FAILED with the server's own words", async () => {
  const busy = createServer();
  await new Promise<void>((resolve) => busy.listen(0, "127.0.0.1", resolve));
  const { port } = busy.address() as { port: number };
  try {
    await expect(startServer({ port })).rejects.toMatchObject({
      code: "MAPEK_NATS_SERVER_START_FAILED",
      message: expect.stringContaining("address already in use"),
    });
  } finally {
    busy.close();
  }
});

it("a bad configuration is START_FAILED with the server's own words, and leaves nothing", async () => {
  await using sandbox = await makeSandbox();
  const config = join(sandbox.root, "bad.conf");
  await writeFile(config, "jetstream { no_such_setting: 1 }\n");
  const name = `bad-config-${process.pid}`;
  await expect(startServer({ config, name })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_START_FAILED",
    message: expect.stringContaining("no_such_setting"),
    details: { logTail: expect.arrayContaining([expect.stringContaining("no_such_setting")]) },
  });
  expect(processesWith(name)).toEqual([]);
  const missing = startServer({ config: join(sandbox.root, "missing.conf"), syncAlways: true });
  await expect(missing).rejects.toMatchObject({ code: "MAPEK_NATS_SERVER_START_FAILED" });
});

it("a server whose JetStream does not answer in time is stopped and reported", async () => {
  await using sandbox = await makeSandbox();
  const config = join(sandbox.root, "no-login.conf");
  await writeFile(config, "authorization { user: u, password: p }\n");
  const name = `no-login-${process.pid}`;
  await expect(startServer({ config, name, startTimeoutMs: 5_000 })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_START_FAILED",
    message: expect.stringMatching(/did not answer within 5 s \(.*Authorization Violation/i),
  });
  expect(processesWith(name)).toEqual([]);
});

it("refuses a bad binary and options out of range", async () => {
  await using sandbox = await makeSandbox();
  const binary = await sandbox.fakeServer("old", "2.10.0");
  await expect(startServer({ binary })).rejects.toMatchObject({
    code: "MAPEK_NATS_SERVER_BAD_BINARY",
  });
  for (const options of [{ port: -1 }, { port: 65_536 }, { port: 1.5 }, { maxPayload: 0 }]) {
    await expect(startServer(options)).rejects.toMatchObject({
      code: "MAPEK_NATS_SERVER_BAD_OPTION",
    });
  }
});
