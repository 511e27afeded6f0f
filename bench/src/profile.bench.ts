import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hand, type Report } from "./support/report.ts";

/** Where does the time of the services go, while they carry single samples and batches? */

const PARTS = ["single", "batch"];

/** What a function belongs to, by where it stands; the first that fits. */
const OWNERS: readonly [RegExp, string][] = [
  [/^\(garbage collector\)/, "garbage collector"],
  [/^\(program\)/, "Node's own code"],
  [/@nats-io/, "NATS client"],
  [/msgpackr/, "MessagePack"],
  [/prom-client/, "metrics"],
  [/packages\/core\/src\/stats\/(sample-window|time-column|doubles)/, "windows"],
  [/packages\/core\/src\/stats\//, "detector and statistics"],
  [/packages\/core\/src\/learning\//, "learning"],
  [/packages\/core\/src\/messages\//, "messages"],
  [/packages\/runtime\//, "runtime"],
  [/services\//, "the service itself"],
  [/^.*node:/, "Node's own code"],
];

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Shares of the busy time by owner, the largest first. */
function sharesOf(profile: CpuProfile): [owner: string, share: number][] {
  const ownerOf = new Map<number, string>();
  // A caller stands before what it calls; what is built in belongs to its caller.
  for (const { id, callFrame, children = [] } of profile.nodes) {
    const name = `${callFrame.functionName} ${callFrame.url}`;
    const owner = OWNERS.find(([pattern]) => pattern.test(name))?.[1] ?? ownerOf.get(id) ?? "else";
    for (const child of children) ownerOf.set(child, owner);
    if (name.startsWith("(idle)")) ownerOf.delete(id);
    else ownerOf.set(id, owner);
  }
  const times = new Map<string, number>();
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const owner = ownerOf.get(id);
    const delta = profile.timeDeltas[i] ?? 0;
    if (owner === undefined || delta < 0) return;
    busy += delta;
    times.set(owner, (times.get(owner) ?? 0) + delta);
  });
  return [...times]
    .map(([owner, time]): [string, number] => [owner, time / busy])
    .sort(([, a], [, b]) => b - a);
}

async function notesOf(part: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "mapek-profile-"));
  try {
    const child = fork(new URL("./end-to-end.bench.ts", import.meta.url), {
      env: { ...process.env, MAPEK_BENCH_PART: part, MAPEK_BENCH_PROFILES: folder },
      serialization: "advanced",
    });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`${part} ended with ${code}`);
    const files = readdirSync(folder).filter((file) => /-(monitor|learner)\./.test(file));
    return files.map((file) => {
      const shares = sharesOf(JSON.parse(readFileSync(join(folder, file), "utf8")) as CpuProfile);
      const shown = shares
        .filter(([, share]) => share >= 0.02)
        .map(([owner, share]) => `${owner} ${Math.round(100 * share)} %`);
      return `- ${file.replace(".cpuprofile", "").replace("-50-10", "")}: ${shown.join(", ")}`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function run(): Promise<Report> {
  const notes = [
    "Shares of the time in which a process was busy, by where the running function stands:",
    "",
  ];
  for (const part of PARTS) notes.push(...(await notesOf(part)));
  return { title: "Where time goes", results: [], notes };
}

await hand(run());
