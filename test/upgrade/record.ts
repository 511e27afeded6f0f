/**
 * Records the data folder that a version leaves: `node test/upgrade/record.ts CHECKOUT VERSION`.
 *
 * Run once per release, with the checkout of that release (installed). Writes `test/upgrade/VERSION/`:
 * `data.tar.gz`, the folder after a clean end, and `facts.json.gz`, what the house answered before it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { waitFor } from "../support/wait-for.ts";
import { type Facts, readFacts } from "./facts.ts";
import { startHouse } from "./running-house.ts";

const [checkout, version] = process.argv.slice(2);
if (checkout === undefined || version === undefined)
  throw new Error("usage: node test/upgrade/record.ts CHECKOUT VERSION");

const dataDir = mkdtempSync(join(tmpdir(), "mapek-recorded-"));
const folder = join(import.meta.dirname, version);
mkdirSync(folder, { recursive: true });
{
  await using house = await startHouse(resolve(checkout), dataDir);
  const nc = await connect({ servers: house.natsUrl });
  await live(nc);
  const facts = await settled(nc);
  writeFileSync(join(folder, "facts.json.gz"), gzipSync(JSON.stringify(facts)));
  await nc.close();
}
execFileSync("tar", [
  ...[
    "-czf",
    join(folder, "data.tar.gz"),
    "-C",
    dataDir,
    "--exclude=logs",
    "--exclude=up.pid",
    ".",
  ],
]);
rmSync(dataDir, { recursive: true, force: true });

/** One of everything that an upgrade must keep. */
async function live(nc: NatsConnection): Promise<void> {
  const send = async (subject: string, body: unknown): Promise<void> => {
    const answer = await nc.request(subject, JSON.stringify(body), { timeout: 60_000 });
    const { rejected } = answer.json<{ rejected?: unknown[] }>();
    if ((rejected ?? []).length > 0) throw new Error(`${subject}: ${answer.string()}`);
  };
  const start = Date.now() - 600 * 60_000;
  for (let from = 0; from < 600; from += 100)
    for (const [metric, level] of [
      ["latency_ms", 50],
      ["orders", 400],
      ["queue", 9],
      ["disk", 70],
    ] as const)
      await send(
        `mapek.metrics.shop.${metric}`,
        Array.from({ length: 100 }, (_, i) => ({
          timestamp: start + (from + i) * 60_000,
          value: level * (isIncident(metric, from + i) ? 6 : wave(from + i)),
          labels: metric === "orders" ? { region: "eu" } : {},
        })),
      );
  await waitFor("a threshold of each", async () => (await readFacts(nc)).thresholds.length >= 8);
  await send("mapek.control.learner.shop", { command: "pin", metric: "queue", threshold: 25 });
  await send("mapek.control.learner.shop", { command: "freeze", metric: "disk" });
  await send("mapek.control.learner.shop", {
    ...{ command: "set_sensitivity", metric: "orders", labels: { region: "eu" } },
    sensitivity: 3,
  });
  await send("mapek.signals.shop.anomaly_feedback", { false_positive: 1, metric: "latency_ms" });
  await send("mapek.signals.shop.metrics_learning", {
    ...{ parameter: "latency_ms", threshold_value: 90, confidence: 0.95 },
  });
  await send("mapek.signals.shop.decision_quality", {
    ...{ decision_id: "d1", predicted_outcome: 10, actual_outcome: 100 },
  });
  await send("mapek.signals.shop.resource_optimization", {
    ...{ resource_type: "cpu", utilization: 0.95 },
  });
  for (let i = 0; i < 12; i++)
    await send("mapek.performance.shop", {
      ...{ cpu_usage: 90, memory_usage: 50, cycle_latency: 1, decisions_per_minute: 20 },
      ...{ decision_quality: 0.9, anomaly_detection_accuracy: 0.9, false_positive_rate: 0.1 },
    });
}

function wave(i: number): number {
  return 1 + 0.1 * Math.sin(i / 5) + (((i * 7_919) % 100) - 50) / 2_000;
}

function isIncident(metric: string, i: number): boolean {
  return metric === "latency_ms" && i >= 500 && i < 510;
}

/** What the house says once two readings a second apart agree and everything is in them. */
async function settled(nc: NatsConnection): Promise<Facts> {
  let before = "";
  return await waitFor("a house that is at rest", async () => {
    const facts = await readFacts(nc);
    const now = JSON.stringify(facts);
    const isSame = now === before;
    before = now;
    await new Promise((done) => setTimeout(done, 1_000));
    const isAll = facts.actions.length > 3 && facts.parameters.length > 0;
    return isSame && isAll && facts;
  });
}
