import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findServer } from "@mapek/nats-server";
import { installCommand } from "./support/installed-command.ts";
import { hand, type Report } from "./support/report.ts";
import { normalValues, type Result, type Spread, spreadOf } from "./support/result.ts";

/** How long does a command take until it has done something, from a shell? */

const SOURCE = join(import.meta.dirname, "../../packages/cli/src/main.ts");
const ROWS = 10_000;
const REPEATS = 7;

const folder = mkdtempSync(join(tmpdir(), "mapek-start-up-"));

/** Seconds from the start of a process to its end. */
async function secondsOf(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}`);
  return (performance.now() - began) / 1_000;
}

/** Seconds from the start of `mapek up` on an empty folder to its line of readiness. */
async function secondsToReady(main: string, repeat: number): Promise<number> {
  const data = join(folder, `data-${repeat}`);
  const began = performance.now();
  const child = spawn(process.execPath, [main, "up", "--json", "--no-collect", "--data", data], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exit = once(child, "exit");
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const seconds = (performance.now() - began) / 1_000;
  child.kill("SIGTERM");
  await exit;
  rmSync(data, { recursive: true, force: true });
  if (JSON.parse(line).event !== "ready") throw new Error(line);
  return seconds;
}

/** The first one fills the compile cache and does not count. */
async function repeated(once: (repeat: number) => Promise<number>): Promise<Spread> {
  const seconds: number[] = [];
  for (let i = 0; i <= REPEATS; i++) seconds.push(await once(i));
  return spreadOf(seconds.slice(1));
}

async function measured(main: string, where: string, node: Spread): Promise<Result[]> {
  const file = join(folder, "rows.csv");
  const shared = {
    unit: "s",
    better: "lower",
    baseline: { name: "node -e 0", median: node.median },
  } as const;
  return [
    {
      question: "How long does a user wait for the list of commands?",
      figure: `mapek --help, ${where}`,
      ...shared,
      ...(await repeated(() => secondsOf([main, "--help"]))),
      target: 0.4,
    },
    {
      question: `How long does a user wait for what is learned from a file of ${ROWS.toLocaleString("en-US")} rows?`,
      figure: `mapek analyze, ${where}`,
      ...shared,
      ...(await repeated(() => secondsOf([main, "analyze", file]))),
      target: 1.2,
    },
    {
      question:
        "How long does it take until server, services and console are ready, with a server in the cache?",
      figure: `mapek up, ${where}`,
      ...shared,
      ...(await repeated((repeat) => secondsToReady(main, repeat))),
      target: 3,
    },
  ];
}

async function run(): Promise<Report> {
  const values = normalValues(ROWS, 1);
  const rows = Array.from(values, (value, i) => `${1_700_000_000 + 60 * i},${50 + value}`);
  writeFileSync(join(folder, "rows.csv"), ["timestamp,value", ...rows].join("\n"));
  await findServer();
  const node = await repeated(() => secondsOf(["-e", "0"]));
  const results = await measured(SOURCE, "from source", node);
  const notes = [
    "The compile cache is warm, as from the second start on; `up` begins with an empty folder.",
  ];
  try {
    using installed = await installCommand();
    results.push(...(await measured(installed.main, "installed", node)));
  } catch (error) {
    notes.push(`The package was not measured: ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { title: "Start-up", results, notes };
}

await hand(run());
