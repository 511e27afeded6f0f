import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Machine } from "./fake-house.ts";
import { endProcessesWith, MAPEK, processesWith, type Run, until } from "./processes.ts";

vi.setConfig({ testTimeout: 900_000, hookTimeout: 300_000 });

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const SHIM = fileURLToPath(new URL("./fixtures/nats.mjs", import.meta.url));

/** The one thing that is replaced: the way to run it without a package manager. */
const fast = (text: string): string =>
  text
    .replaceAll("npx -y pnpm@12 mapek", `${process.execPath} ${MAPEK}`)
    .replaceAll("npx -y pnpm@12 start", JSON.parse(read("package.json")).scripts.start)
    .replace(/^mapek up/m, `exec ${process.execPath} ${MAPEK} up`);
const blocksOf = (page: string): string[] =>
  [...read(page).matchAll(/```sh\n(.*?)```/gs)].map(([, text = ""]) => text);
/** What a terminal keeps from one block to the next. */
const keptOf = (blocks: readonly string[]): string =>
  blocks.flatMap((block) => block.match(/^(?:alias|export) .*$/gm) ?? []).join("\n");

let machine: Machine;
beforeEach(async () => {
  machine = await Machine.start();
  for (const name of ["infra", "packages", "node_modules"])
    symlinkSync(join(ROOT, name), join(machine.work, name));
});
afterEach(async () => {
  endProcessesWith(machine.temporary);
  await until("no process is left", () => processesWith(machine.temporary).length === 0);
  await machine[Symbol.asyncDispose]();
});

function terminal(text: string, kept = ""): Run {
  const script = ["shopt -s expand_aliases", kept, text].map(fast).join("\n");
  return machine.run(["setsid", "bash", "-c", script], { env: { PATH: withNats() } });
}
async function ended(run: Run): Promise<string> {
  const { code } = await run.exited;
  expect(code, run.stderr()).toBe(0);
  return run.stdout();
}
/** PATH with NATS' own tool; where that is not installed, with the same bytes through the client library. */
function withNats(): string {
  const { PATH = "" } = process.env;
  const isThere = PATH.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, "nats"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (isThere) return PATH;
  const folder = join(machine.folder, "bin");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "nats");
  if (!existsSync(path)) {
    console.warn("`nats` is not installed: its bytes go through the client library");
    writeFileSync(path, `#!/bin/sh\nexec ${process.execPath} ${SHIM} "$@"\n`, { mode: 0o755 });
  }
  return `${folder}${delimiter}${PATH}`;
}

it("the tutorial is true word for word where a stranger has NATS' own port, and the stranger hears nothing", async () => {
  const [
    started = "",
    status = "",
    metric = "",
    many = "",
    why = "",
    burst = "",
    label = "",
    loop = "",
    whatIf = "",
  ] = blocksOf("packages/docs/tutorial.md");
  const blocks = [started, status, metric, many, why, burst, label, loop, whatIf];
  expect(blocksOf("packages/docs/tutorial.md")).toEqual(blocks);
  const kept = (block: string) => keptOf(blocks.slice(0, blocks.indexOf(block)));
  const silence = await machine.heardByStranger();

  // 1. Start, and the second terminal at once.
  const up = terminal(started);
  await until("it has its folder", () => existsSync(join(machine.work, ".mapek/data/house.json")));
  const first = terminal(status);
  expect(await ended(first)).toMatch(/^learner {3}ok$/m);
  await until("ready", () => up.lines().length > 0);
  const { nats_url, http } = up.events()[0] as { nats_url: string; http: Record<string, string> };
  expect(nats_url).not.toBe(machine.stranger.url);
  expect(first.stderr()).toContain(`talking to ${nats_url}: the \`mapek up\` of this folder`);
  const said = read("packages/docs/tutorial.md");
  for (const [inline, answer] of [
    ["mapek address", nats_url],
    ["mapek address console", http.console],
  ] as const) {
    expect(said).toContain(`\`${inline}\``);
    expect(await ended(terminal(inline, kept(metric)))).toBe(`${answer}\n`);
  }

  // 2. A metric of your own, also with NATS' own tool.
  expect(await ended(terminal(metric, kept(metric)))).toContain("1 stored, 0 rejected");
  const [, tool = ""] = said.match(/`(nats --server [^`]*)`/) ?? [];
  expect(tool).toContain("pub mapek.metrics.checkout.queue_depth 12");
  await ended(terminal(tool, kept(many)));
  expect(await ended(terminal(many, kept(many)))).toContain("600 stored, 0 rejected");
  await until("a threshold is in force", async () =>
    (await ended(terminal("mapek thresholds --system checkout", kept(many)))).includes(
      "latency_ms",
    ),
  );

  // 3. and 4. Why, and an anomaly, and its label.
  expect(await ended(terminal(why, kept(why)))).toContain("latency_ms");
  const anomaly = terminal(burst, kept(burst));
  await until("it says opened", () => anomaly.stdout().includes("opened"));
  const [id = ""] = anomaly.stdout().match(/\bcheckout\/latency_ms@\d+/) ?? [];
  const named = label.replace("checkout/latency_ms@…", id);
  expect(named).not.toBe(label);
  await ended(terminal(named, kept(label)));

  // 5. and 6. The loop, until Ctrl-C; what if.
  const watch = terminal(loop, kept(loop));
  await until("parameters are published", () => /checkout parameters \(/.test(watch.stdout()));
  process.kill(-watch.pid, "SIGINT");
  await watch.exited;
  await ended(terminal(whatIf, kept(whatIf)));

  expect(await machine.heardByStranger()).toEqual(silence);
});

it("what README feeds with NATS' own tool reaches the house", async () => {
  const silence = await machine.heardByStranger();
  const [, feed = ""] = blocksOf("README.md").filter((it, i) => i === 0 || it.includes("nats pub"));
  const lines = feed.split("\n").filter(Boolean);
  const [address = "", ...rest] = lines;
  const up = terminal("npx -y pnpm@12 start");
  await until("it has its folder", () => existsSync(join(machine.work, ".mapek/data/house.json")));
  const subscription = terminal(rest.find((line) => line.startsWith("nats sub")) ?? "", address);
  await until("it listens", () =>
    (subscription.stdout() + subscription.stderr()).includes("Subscribing"),
  );
  for (const line of rest.filter((it) => it.startsWith("nats pub")))
    await ended(terminal(line, address));
  const series = terminal(
    "mapek status --json --system checkout",
    `alias mapek='npx -y pnpm@12 mapek'`,
  );
  await until("the sample is there", async () => (await ended(series)).includes('"series":1'));
  expect(up.lines().length).toBeGreaterThan(0);
  expect(await machine.heardByStranger()).toEqual(silence);
});
