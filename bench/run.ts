import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { findServer } from "@mapek/nats-server";
import { qualityTables } from "./src/support/quality-tables.ts";
import { isReached, type Report, ratioOf, shown } from "./src/support/report.ts";
import type { Result } from "./src/support/result.ts";

/**
 * Runs the bench files, each in a process of its own, and writes BENCHMARKS.md beside this file:
 * `node bench/run.ts` for all, `node bench/run.ts stats codecs` for these only.
 *
 * Exit codes: 0, 1 when a bench file fails, 2 for a name that is not one.
 */

/** From the smallest step to the whole; a file that is not named here comes last. */
const ORDER = [
  "stats",
  "learner",
  "series-memory",
  "optimizer",
  "feedback",
  "codecs",
  "runtime",
  "end-to-end",
  "scale",
  "restore",
  "start-up",
  "faults",
  "profile",
];
const ENDING = ".bench.ts";
const SOURCES = join(import.meta.dirname, "src");
const PAGE = join(import.meta.dirname, "BENCHMARKS.md");
const RESULTS = join(import.meta.dirname, "results");
const FORMATTER = join(import.meta.dirname, "..", "node_modules", ".bin", "biome");

function namesToRun(asked: readonly string[]): string[] {
  const found = readdirSync(SOURCES)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length));
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  const all = found.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  const unknown = asked.filter((name) => !all.includes(name));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(", ")}; expected ${all.join(", ")}`);
    process.exit(2);
  }
  return asked.length === 0 ? all : all.filter((name) => asked.includes(name));
}

/** Longest time that a bench file may take. */
const MOST_MS = 15 * 60_000;

/** What a bench file hands over; one that fails is told in the page, and does not take the others with it. */
async function reportOf(name: string): Promise<Report> {
  const child = fork(join(SOURCES, name + ENDING), { serialization: "advanced" });
  let report: Report | undefined;
  child.on("message", (message) => {
    report = message as Report;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), MOST_MS);
  const [code] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  if (code === 0 && report !== undefined) return report;
  process.exitCode = 1;
  const failure = `${name} failed (${code === null ? "killed: after 15 minutes it is" : `exit code ${code}`})`;
  console.error(failure);
  return { title: name, results: [], notes: [`**${failure}**`] };
}

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function tableRow(result: Result): string {
  const { figure, unit, median, min, max, better, target, baseline, predecessor } = result;
  const reached = isReached(result);
  const ratio = ratioOf(result);
  return row([
    `${figure}, ${unit}`,
    `**${shown(median)}**`,
    `${shown(min)}–${shown(max)}`,
    target === undefined ? "" : `${better === "higher" ? "≥" : "≤"} ${shown(target)}`,
    reached === undefined ? "" : reached ? "yes" : "no",
    baseline === undefined ? "" : `${shown(baseline.median)} (${baseline.name})`,
    ratio === undefined ? "" : shown(ratio),
    predecessor ?? "",
  ]);
}

function sectionOf({ title, results, notes }: Report): string {
  const heads = [
    "figure",
    "median",
    "min–max",
    "target",
    "reached",
    "baseline",
    "ratio",
    "predecessor",
  ];
  const questions = results.map(({ figure, question }) => `- *${figure}*: ${question}`);
  const table =
    results.length === 0
      ? []
      : [row(heads), row(heads.map(() => "---")), ...results.map(tableRow), "", ...questions];
  return [`## ${title}`, "", ...table, ...(notes.length === 0 ? [] : ["", ...notes]), ""].join(
    "\n",
  );
}

/** The short hash, with a mark where the tree differs from it. */
function commitHash(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8" }).trim();
  try {
    const changed = git("status", "--porcelain", "--untracked-files=no", "..").length > 0;
    return git("rev-parse", "--short", "HEAD") + (changed ? ", with changes" : "");
  } catch {
    return "unknown";
  }
}

async function pageOf(reports: readonly Report[]): Promise<string> {
  const [cpu] = cpus();
  const server = await findServer();
  const machine = `${cpu?.model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# Benchmarks

Made by a run; do not edit by hand. \`pnpm bench\` runs everything in about half an hour and writes this page;
\`pnpm bench stats codecs\` runs only these files, and the page then holds only their tables. A bench file can also be
started alone: \`node bench/src/stats.bench.ts\`. Nothing else should run on the machine meanwhile.

${row(["machine", "Node", "nats-server", "commit", "date"])}
${row(["---", "---", "---", "---", "---"])}
${row([machine, process.versions.node, server.version, commitHash(), new Date().toISOString().slice(0, 10)])}

## How to read it

- Each file runs in a process of its own. Seeds are fixed. After a warm-up there are at least 7 repeats, end to end at
  least 3; a table shows their median and extremes.
- The *baseline* is measured in the same run: the naive way, or the bare transport that one cannot beat. *Ratio* says by
  which factor we are better than it, below 1 worse; it says more than an absolute number of another machine.
- *Predecessor* is what the system that this design improves on was measured at on a machine of the same kind: Python
  with NumPy, in one process, in memory and without durability.
- End to end everything runs on this one machine and shares its cores: publisher, server (streams in files) and the four
  services as processes with default settings. Time ends when the last sample is learned, or the last action stored.

## Not measured

- The network: all connections are loopback. Several machines, replicated streams.
- A server that syncs each write to disk (\`sync_interval: always\`), which production should have.
- Long runs (hours), full streams that drop their oldest.
- The client package's own batching; the benches publish with plain NATS.

${qualityTables(RESULTS)}
${reports.map(sectionOf).join("\n")}`;
}

const reports: Report[] = [];
for (const name of namesToRun(process.argv.slice(2))) {
  console.log(`${name} …`);
  const report = await reportOf(name);
  reports.push(report);
  for (const result of report.results)
    console.log(`  ${result.figure}: ${shown(result.median)} ${result.unit}`);
}
writeFileSync(PAGE, await pageOf(reports));
execFileSync(FORMATTER, ["format", "--write", PAGE], { stdio: "ignore" });
console.log(`written: ${PAGE}`);
