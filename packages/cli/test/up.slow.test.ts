import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SERVICES } from "@mapek/core/contract";
import { startServer } from "@mapek/nats-server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FAKE_SERVICE, FAKE_UP, processesWith, type Run, start, until } from "./processes.ts";

const PROGRAMS = [...SERVICES, "console"];
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mapek-up-"));
  for (const service of PROGRAMS)
    writeFileSync(
      join(folder, `${service}.mjs`),
      `process.env.FAKE_SERVICE = ${JSON.stringify(service)};\nawait import(${JSON.stringify(pathToFileURL(FAKE_SERVICE).href)});\n`,
    );
});
afterEach(async () => {
  await until("no process is left", () => processesWith(folder).length === 0);
  rmSync(folder, { recursive: true, force: true });
});

type Settings = Record<string, string | undefined>;
const startUp = (args: string[] = [], env: Settings = {}): Run =>
  start([...FAKE_UP, ...args], { cwd: folder, env: { FAKE_DIR: folder, ...env } });
const aboutOf = (service: string): Record<string, string> & { pid: number } =>
  JSON.parse(readFileSync(join(folder, `${service}.json`), "utf8"));
const readyOf = (run: Run) => until("ready", () => run.stdout().includes('"event":"ready"'));
const eventsOf = (run: Run, event: string) => run.events().filter((it) => it.event === event);

describe("mapek up", () => {
  it("prints ready first, then what was published meanwhile, and stops at Ctrl-C", async () => {
    await using run = startUp();
    await until("two events", () => run.lines().length === 2);
    const [ready, threshold] = run.events();
    const { MAPEK_CONSOLE_PORT, MAPEK_CONSOLE_TOKEN } = aboutOf("console");
    expect(MAPEK_CONSOLE_TOKEN).toMatch(/^[\w-]{32}$/);
    const http = {
      ...Object.fromEntries(
        SERVICES.map((service) => [
          service,
          `http://127.0.0.1:${aboutOf(service).MAPEK_HTTP_PORT}`,
        ]),
      ),
      console: `http://127.0.0.1:${MAPEK_CONSOLE_PORT}/#token=${MAPEK_CONSOLE_TOKEN}`,
    };
    expect(run.stderr()).not.toContain(MAPEK_CONSOLE_TOKEN);
    expect(ready).toEqual({ event: "ready", nats_url: aboutOf("monitor").NATS_URL, http });
    expect(threshold).toMatchObject({
      event: "threshold",
      system: "checkout",
      threshold: 7,
      reasoning: "as published",
    });
    expect(processesWith(folder).length).toBeGreaterThanOrEqual(6);
    run.child.kill("SIGINT");
    expect(await run.exited).toEqual({ code: 0, signal: null });
    for (const service of PROGRAMS) expect(run.stderr()).toContain(`${service} got SIGTERM`);
    expect(processesWith(folder)).toEqual([]);
  });

  it("keeps its store in .mapek/data and frees it at the end", async () => {
    for (let turn = 0; turn < 2; turn++) {
      await using run = startUp();
      await readyOf(run);
      await using second = startUp();
      expect((await second.exited).code).toBe(1);
      expect(second.stderr()).toMatch(/^MAPEK_CLI_DATA_IN_USE: .*\.mapek\/data.*\n$/);
      run.child.kill("SIGTERM");
      expect((await run.exited).code).toBe(0);
    }
  });

  it("takes over a data folder whose holder was killed", async () => {
    await using first = startUp();
    await readyOf(first);
    first.child.kill("SIGKILL");
    await until("no process is left", () => processesWith(folder).length === 0);
    await using second = startUp();
    await readyOf(second);
    second.child.kill("SIGINT");
    expect((await second.exited).code).toBe(0);
  });

  it("uses a running server and passes configuration on", async () => {
    await using server = await startServer();
    writeFileSync(join(folder, "my.yaml"), "mape_k_tuning: {}\n");
    const args = ["--nats", server.url, "--config", "my.yaml", "--no-collect", "--mode", "shadow"];
    await using run = startUp([...args, "--data", "elsewhere", "--no-console"]);
    await readyOf(run);
    expect(run.events()[0]).toMatchObject({ nats_url: server.url });
    expect(run.events()[0]?.http).not.toHaveProperty("console");
    expect(aboutOf("optimizer")).toMatchObject({
      NATS_URL: server.url,
      MAPEK_CONFIG: join(folder, "my.yaml"),
      MAPEK_COLLECT: "false",
      MAPEK_MODE: "shadow",
    });
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(0);
    expect(server.pid).toBeGreaterThan(0);
    process.kill(server.pid, 0);
  });

  it("leaves collectors to the configuration unless told, and hides credentials", async () => {
    await using server = await startServer();
    const url = server.url.replace("//", "//me:secret@");
    await using run = startUp([], { NATS_URL: url });
    await readyOf(run);
    expect(aboutOf("monitor")).not.toHaveProperty("MAPEK_COLLECT");
    expect(aboutOf("monitor").NATS_URL).toBe(url);
    expect(run.events()[0]?.nats_url).toBe(server.url);
    run.child.kill("SIGINT");
    await run.exited;
  });

  it("fails and leaves nothing behind when a service does not start", async () => {
    await using run = startUp([], { FAKE_OPTIMIZER: "fail" });
    expect((await run.exited).code).toBe(1);
    expect(run.stdout()).toBe("");
    expect(run.stderr()).toMatch(
      /MAPEK_CLI_SERVICE_FAILED: optimizer: .* code 1; .*MAPEK_FAKE: no such thing\n$/,
    );
    expect(processesWith(folder)).toEqual([]);
  });

  it("starts a killed service again and says so", async () => {
    await using run = startUp();
    await readyOf(run);
    const before = aboutOf("feedback").pid;
    process.kill(before, "SIGKILL");
    await until("it is ready again", () => eventsOf(run, "service_ready").length === 1);
    expect(eventsOf(run, "service_exited")).toEqual([
      { event: "service_exited", service: "feedback", code: null, signal: "SIGKILL" },
    ]);
    expect(aboutOf("feedback").pid).not.toBe(before);
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(0);
  });

  it("leaves a killed service alone with --no-restart", async () => {
    await using run = startUp(["--no-restart"]);
    await readyOf(run);
    const before = aboutOf("feedback").pid;
    process.kill(before, "SIGKILL");
    await until("it is gone", () => eventsOf(run, "service_exited").length === 1);
    expect(aboutOf("feedback").pid).toBe(before);
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(0);
  });

  it("gives up a service that ends five times within a minute", async () => {
    await using run = startUp([], { FAKE_LEARNER: "crash" });
    expect((await run.exited).code).toBe(1);
    expect(eventsOf(run, "service_exited")).toHaveLength(5);
    expect(run.stderr()).toMatch(/MAPEK_CLI_CRASH_LOOP: learner ended five times/);
    expect(processesWith(folder)).toEqual([]);
  });

  it("kills a service that does not drain within 6 s", async () => {
    await using run = startUp([], { FAKE_MONITOR: "stubborn" });
    await readyOf(run);
    const from = performance.now();
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(0);
    const took = performance.now() - from;
    expect(took).toBeGreaterThan(5_500);
  });

  it("is forced by a second Ctrl-C, but not by the same one passed on", async () => {
    await using run = startUp([], { FAKE_MONITOR: "stubborn" });
    await readyOf(run);
    const from = performance.now();
    run.child.kill("SIGINT");
    run.child.kill("SIGINT");
    await until("it is stopping", () => run.stderr().includes("monitor got SIGTERM"));
    await until("a second has passed", () => performance.now() - from > 1_200);
    expect(run.child.exitCode).toBeNull();
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(1);
  });

  it("starts its own server again when that is killed", async () => {
    await using run = startUp();
    await readyOf(run);
    const store = join(folder, ".mapek/data");
    for (const pid of processesWith(store))
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0")[0]?.endsWith("nats-server"))
        process.kill(pid, "SIGKILL");
    await until("it is there again", () => eventsOf(run, "server_ready").length === 1);
    run.child.kill("SIGINT");
    expect((await run.exited).code).toBe(0);
  });

  it("stops when the package manager that started it is killed", async () => {
    // As `npx pnpm start` does it: a package manager, a shell, a script with npm's variables.
    const script = `npm_lifecycle_event=start ${FAKE_UP.map((part) => `'${part}'`).join(" ")} > out & wait`;
    const manager = ["/bin/sh", "-c", `npm_lifecycle_event=npx /bin/sh -c "$SCRIPT" & wait`];
    await using run = start(manager, { cwd: folder, env: { FAKE_DIR: folder, SCRIPT: script } });
    const out = () => {
      try {
        return readFileSync(join(folder, "out"), "utf8");
      } catch {
        return "";
      }
    };
    await until("ready", () => out().includes('"event":"ready"'));
    run.child.kill("SIGKILL");
    await until("no process is left", () => processesWith(folder).length === 0);
  });

  it("stops when nobody reads its output any more", async () => {
    await using run = startUp();
    await readyOf(run);
    run.child.stdout?.destroy();
    process.kill(aboutOf("feedback").pid, "SIGKILL"); // Something to print.
    await until("no process is left", () => processesWith(folder).length === 0);
  });
});
