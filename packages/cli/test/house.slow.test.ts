import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { startServer } from "@mapek/nats-server";
import { acquireLock } from "@mapek/nats-server/file-lock";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Machine } from "./fake-house.ts";
import { type Run, until } from "./processes.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let machine: Machine;
let silence: Awaited<ReturnType<Machine["heardByStranger"]>>;
beforeEach(async () => {
  machine = await Machine.start();
  silence = await machine.heardByStranger();
});
afterEach(() => machine[Symbol.asyncDispose]());

const addressOf = (run: Run): string => String(run.events()[0]?.nats_url);
const dataOf = (folder: string): string => join(folder, ".mapek/data");
const serverOf = (stdout: string): unknown => JSON.parse(stdout).nats_url;
const folderIn = (parent: string, name: string): string => {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return path;
};

describe("with a stranger's server on NATS' own port", () => {
  it("a command talks to the `mapek up` of its folder, says so beside its output, and the stranger hears nothing", async () => {
    await using run = await machine.ready();
    expect(addressOf(run)).not.toBe(machine.stranger.url);
    // Nobody answers for the stand-ins; what matters is who was asked.
    const status = await machine.mapek(["status", "--json"]);
    expect(serverOf(status.stdout)).toBe(addressOf(run));
    const [said, ...rest] = status.stderr.split("\n");
    expect(said).toBe(
      `mapek: talking to ${addressOf(run)}: the \`mapek up\` of this folder (${dataOf(machine.work)})`,
    );
    expect(rest.join("\n")).toMatch(/^MAPEK_CLI_UNAVAILABLE: [^\n]+\n$/);
    await machine.mapek(["publish", "checkout", "latency_ms", "65.2"]);
    expect(await machine.heardByStranger()).toEqual(silence);
  });

  it("--nats and NATS_URL come first, and nothing is said", async () => {
    await using run = await machine.ready();
    const { url } = machine.stranger;
    for (const [args, env] of [
      [["status", "--json", "--nats", url], { NATS_URL: "nats://127.0.0.1:9" }],
      [["status", "--json"], { NATS_URL: url }],
    ] as const) {
      const { stdout, stderr } = await machine.mapek(args, { env });
      expect(serverOf(stdout)).toBe(url);
      expect(stderr).not.toContain("talking to");
    }
    expect(addressOf(run)).not.toBe(url);
  });

  it("the house above is found from folders below it, but not from another repository or beyond the home folder", async () => {
    await using first = await machine.ready();
    const below = folderIn(machine.work, "a/b");
    const repository = folderIn(machine.work, "other");
    folderIn(repository, ".git");
    const elsewhere = folderIn(machine.folder, "elsewhere");
    await using second = await machine.ready([], { cwd: elsewhere });
    const found = async (cwd: string, env = {}) => machine.mapek(["address"], { cwd, env });
    expect(await found(below)).toEqual({ code: 0, stdout: `${addressOf(first)}\n`, stderr: "" });
    expect((await found(elsewhere)).stdout).toBe(`${addressOf(second)}\n`);
    expect((await found(repository)).stderr).toMatch(/^MAPEK_CLI_SEVERAL_HOUSES: /);
    expect((await found(below, { HOME: below })).stderr).toMatch(/^MAPEK_CLI_SEVERAL_HOUSES: /);
  });

  it("the only running house is found from anywhere; of several one has to be named", async () => {
    const [one, two, away] = ["one", "two", "away"].map((it) => folderIn(machine.folder, it)) as [
      string,
      string,
      string,
    ];
    const status = (...args: string[]) =>
      machine.mapek(["status", "--json", ...args], { cwd: away });
    const none = await status();
    expect(serverOf(none.stdout)).toBe(machine.stranger.url);
    expect(none.stderr).toContain(
      `mapek: talking to ${machine.stranger.url}: the default; no \`mapek up\` of yours runs\n`,
    );
    await using first = await machine.ready([], { cwd: one });
    const only = await status();
    expect(serverOf(only.stdout)).toBe(addressOf(first));
    expect(only.stderr).toContain(
      `mapek: talking to ${addressOf(first)}: your only running \`mapek up\` (${dataOf(one)})\n`,
    );
    await using second = await machine.ready([], { cwd: two });
    const several = await status();
    expect(several).toMatchObject({ code: 1, stdout: "" });
    expect(several.stderr).toMatch(/^MAPEK_CLI_SEVERAL_HOUSES: [^\n]*--data DIR or --nats URL\n$/);
    for (const [folder, run] of [[one, first] as const, [two, second] as const]) {
      expect(several.stderr).toContain(`${dataOf(folder)} (${addressOf(run)}, process ${run.pid} `);
      const named = await status("--data", dataOf(folder));
      expect(serverOf(named.stdout)).toBe(addressOf(run));
      expect(named.stderr).not.toContain("talking to");
    }
    expect((await status("--data", away)).stderr).toMatch(/^MAPEK_CLI_NO_HOUSE: /);
    expect((await status("--data", one, "--nats", addressOf(first))).code).toBe(2);
  });

  it("another server at the address of a house is sent nothing", async () => {
    const data = folderIn(machine.work, ".mapek/data");
    await using run = await machine.ready();
    const house = JSON.parse(readFileSync(join(data, "house.json"), "utf8"));
    run.child.kill("SIGINT");
    await run.exited;
    // As where a house runs in another container and this one has a stranger at the same address.
    using _lock = await acquireLock(join(data, "up.lock"), { timeoutMs: 10_000 });
    writeFileSync(
      join(data, "house.json"),
      JSON.stringify({ ...house, nats_url: machine.stranger.url }),
      { mode: 0o600 },
    );
    const { code, stdout, stderr } = await machine.mapek(["publish", "checkout", "m", "1"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`MAPEK_CLI_OTHER_SERVER: .*not ${house.nats_server} `));
    expect((await machine.heardByStranger()).messages).toBe(silence.messages);
  });
});

describe("what a house tells", () => {
  const files = () => [
    join(dataOf(machine.work), "house.json"),
    ...readdirSync(join(machine.runtime, "mapek")).map((name) =>
      join(machine.runtime, "mapek", name),
    ),
  ];

  it("stands in two files for the user alone, and is gone at the end", async () => {
    await using run = await machine.ready();
    const { nats_url, http } = run.events()[0] ?? {};
    expect(files()).toHaveLength(2);
    for (const path of files()) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({
        ...{ version: 1, data: dataOf(machine.work), pid: run.pid, host: hostname() },
        ...{ started_at: expect.stringMatching(/^20.*Z$/), mapek: expect.stringMatching(/^\d/) },
        ...{ nats_url, nats_server: expect.stringMatching(/^mapek-/), http },
      });
    }
    expect(statSync(join(machine.runtime, "mapek")).mode & 0o777).toBe(0o700);
    run.child.kill("SIGINT");
    await run.exited;
    expect(readdirSync(join(machine.runtime, "mapek"))).toEqual([]);
    expect(existsSync(join(dataOf(machine.work), "house.json"))).toBe(false);
  });

  it("is printed on demand, the console's address with its token", async () => {
    await using run = await machine.ready(["--no-console"]);
    const { http } = run.events()[0] as { http: Record<string, string> };
    const monitor = await machine.mapek(["address", "monitor"]);
    expect(monitor).toEqual({ code: 0, stdout: `${http.monitor}\n`, stderr: "" });
    expect((await machine.mapek(["address", "console"])).code).toBe(2);
    expect((await machine.mapek(["address", "kitchen"])).code).toBe(2);
    run.child.kill("SIGINT");
    await run.exited;
    expect((await machine.mapek(["address"])).stderr).toMatch(/^MAPEK_CLI_NO_HOUSE: /);
    await using withConsole = await machine.ready();
    const { http: all } = withConsole.events()[0] as { http: Record<string, string> };
    expect(all.console).toMatch(/#token=[\w-]{32}$/);
    expect((await machine.mapek(["address", "console"])).stdout).toBe(`${all.console}\n`);
    expect(JSON.parse((await machine.mapek(["address", "--json"])).stdout).http).toEqual(all);
  });

  it("holds no credentials, and the line that names the server none either", async () => {
    await using server = await startServer();
    await using _run = await machine.ready([], {
      env: { NATS_URL: server.url.replace("//", "//me:secret@") },
    });
    for (const path of files()) {
      expect(readFileSync(path, "utf8")).not.toContain("secret");
      expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
        nats_url: server.url,
        nats_server: null,
      });
    }
    const { stderr } = await machine.mapek(["status"]);
    expect(stderr).toContain(`mapek: talking to ${server.url}: `);
  });

  it("misleads nobody where a killed one left it", async () => {
    await using run = await machine.ready();
    run.child.kill("SIGKILL");
    await run.exited;
    expect(files()).toHaveLength(2);
    const { stdout, stderr } = await machine.mapek(["status", "--json"]);
    expect(serverOf(stdout)).toBe(machine.stranger.url);
    expect(stderr).toContain("no `mapek up` of yours runs");
  });

  it("is waited for while the house starts", async () => {
    await using run = machine.up();
    await until("it has its folder", () => existsSync(join(dataOf(machine.work), "house.json")));
    const { stdout } = await machine.mapek(["address"]);
    await until("ready", () => run.lines().length > 0);
    expect(stdout).toBe(`${addressOf(run)}\n`);
  });

  it("is listed in the temporary folder without a runtime folder, and nowhere where that is not safe", async () => {
    const elsewhere = folderIn(machine.folder, "elsewhere");
    const env = { XDG_RUNTIME_DIR: undefined };
    const list = join(machine.temporary, `mapek-${process.getuid?.()}`);
    {
      await using run = await machine.ready([], { env });
      expect(statSync(list).mode & 0o777).toBe(0o700);
      const found = await machine.mapek(["address"], { env, cwd: elsewhere });
      expect(found.stdout).toBe(`${addressOf(run)}\n`);
      run.child.kill("SIGINT");
      await run.exited;
    }
    // Somebody was quicker to make a folder of that name, here a link to what is the user's own.
    renameSync(list, join(machine.folder, "theirs"));
    symlinkSync(join(machine.folder, "theirs"), list);
    await using run = await machine.ready([], { env });
    expect(run.stderr()).toContain("commands find this house from its folder only");
    expect(readdirSync(join(machine.folder, "theirs"))).toEqual([]);
    const here = await machine.mapek(["address"], { env });
    expect(here.stdout).toBe(`${addressOf(run)}\n`);
    const away = await machine.mapek(["address"], { env, cwd: elsewhere });
    expect(away.stderr).toMatch(/^MAPEK_CLI_NO_HOUSE: /);
  });

  it.runIf(process.getuid?.() === 0)("counts only where it is the user's own", async () => {
    await using _run = await machine.ready();
    chownSync(join(dataOf(machine.work), "up.lock"), 12_345, 12_345);
    expect((await machine.mapek(["address"])).stderr).toMatch(/^MAPEK_CLI_NO_HOUSE: /);
  });
});
