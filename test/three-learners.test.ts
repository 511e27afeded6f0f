// Three learners under load: one is killed, another stopped and woken as a zombie. What is stored equals a replay.
import type { ActorService } from "@mapek/core/messages";
import { connect } from "@nats-io/transport-node";
import { expect, it } from "vitest";
import { check } from "./soak/checker.ts";
import { Flow } from "./soak/flow.ts";
import { Random } from "./soak/random.ts";
import { read, settled } from "./soak/reading.ts";
import { startTestServer } from "./support/nats.ts";
import { ServiceProcess, startServices } from "./support/service-process.ts";
import { waitFor } from "./support/wait-for.ts";

const PARTITIONS = 12;
const LEARNER: ActorService = "learner";

/** The partitions that a learner owns now. */
async function owned(learner: ServiceProcess): Promise<number[]> {
  const answer = await fetch(`${learner.http}/healthz`, { signal: AbortSignal.timeout(1_000) });
  const { partitions } = (await answer.json()) as {
    partitions: { partition: number; role: string; settled: boolean }[];
  };
  return partitions
    .filter(({ role, settled: isSettled }) => role === "owner" && isSettled)
    .map(({ partition }) => partition);
}

/** Resolves when the learners run all partitions, each its even share; ms that it took. */
async function balanced(...learners: readonly ServiceProcess[]): Promise<number> {
  const startedAt = performance.now();
  await waitFor("the partitions are shared", async () => {
    const all = await Promise.all(learners.map(owned));
    // Asked one after the other: while partitions move, one may be seen twice.
    const share = PARTITIONS / learners.length;
    return new Set(all.flat()).size === PARTITIONS && all.every(({ length }) => length === share);
  });
  return Math.round(performance.now() - startedAt);
}

it("kill one and stop another: partitions move, and the woken zombie changes nothing", async () => {
  await using server = await startTestServer();
  const env = {
    NATS_URL: server.url,
    MAPEK_PARTITIONS: String(PARTITIONS),
    MAPEK_CONFIG: new URL("./support/soak.yaml", import.meta.url).pathname,
  };
  await using services = await startServices(env);
  const first = services[LEARNER];
  await using killed = await new ServiceProcess(LEARNER, env).start();
  await using stopped = await new ServiceProcess(LEARNER, env).start();
  const nc = await connect({ servers: server.url });
  try {
    await balanced(first, killed, stopped);
    const flow = new Flow({
      connections: [nc],
      random: new Random(3),
      systems: Array.from({ length: 12 }, (_, i) => `three${i}`),
      startAt: Date.now(),
      pauseMs: 10,
    }).start();
    const sent = () => flow.acknowledged.samples.length;
    const more = async (count: number) => {
      const before = sent();
      await waitFor(`${count} more samples`, () => sent() >= before + count);
    };
    await more(300);
    const lost = await owned(killed);
    await killed.end("SIGKILL");
    const afterKill = await balanced(first, stopped);
    await more(300);
    const held = await owned(stopped);
    stopped.signal("SIGSTOP");
    const afterStop = await balanced(first);
    await more(300);
    stopped.signal("SIGCONT");
    const afterWake = await balanced(first, stopped);
    await more(300);
    await flow.stop();
    await settled(nc, PARTITIONS, 20_000);
    const differences = check(await read(nc, PARTITIONS), flow.acknowledged);
    const { samples, signals } = flow.acknowledged;
    console.log(
      [
        `killed with ${lost.length} of ${PARTITIONS} partitions: elsewhere after ${afterKill} ms`,
        `stopped with ${held.length}: elsewhere after ${afterStop} ms`,
        `woken: shared again after ${afterWake} ms`,
        `${samples.length} samples and ${signals.length} signals acknowledged, ${differences.length} differences from a replay`,
      ].join("\n"),
    );
    expect(differences).toEqual([]);
    expect(lost).toHaveLength(4);
    expect(held).toHaveLength(6);
    expect(Math.max(afterKill, afterStop)).toBeLessThan(5_000);
  } finally {
    await nc.close();
  }
}, 120_000);
