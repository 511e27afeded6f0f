import type { ActorService } from "@mapek/core/contract";
import { connect } from "@nats-io/transport-node";
import { check, type Difference } from "../soak/checker.ts";
import { Flow } from "../soak/flow.ts";
import { Random } from "../soak/random.ts";
import { read, settled } from "../soak/reading.ts";
import { startTestServer } from "../support/nats.ts";
import { ServiceProcess, startServices } from "../support/service-process.ts";
import { waitFor } from "../support/wait-for.ts";

const PARTITIONS = 12;
const LEARNER: ActorService = "learner";

/** The partitions that a learner owns now. */
async function owned(learner: ServiceProcess): Promise<number[]> {
  const answer = await fetch(`${learner.http}/healthz`, { signal: AbortSignal.timeout(10_000) });
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

export interface LearnerLoss {
  /** Partitions that the killed one and the stopped one had. */
  readonly lost: number;
  readonly held: number;
  /** Until all partitions ran elsewhere, and until the woken one had its share again, ms. */
  readonly afterKillMs: number;
  readonly afterStopMs: number;
  readonly afterWakeMs: number;
  readonly acknowledged: number;
  readonly differences: readonly Difference[];
}

/** Three learners under load: one is killed, another stopped and woken; what is stored is compared with a replay. */
export async function loseLearners(): Promise<LearnerLoss> {
  await using server = await startTestServer();
  const env = {
    NATS_URL: server.url,
    MAPEK_PARTITIONS: String(PARTITIONS),
    MAPEK_CONFIG: new URL("../support/soak.yaml", import.meta.url).pathname,
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
    const afterKillMs = await balanced(first, stopped);
    await more(300);
    const held = await owned(stopped);
    stopped.signal("SIGSTOP");
    const afterStopMs = await balanced(first);
    await more(300);
    stopped.signal("SIGCONT");
    const afterWakeMs = await balanced(first, stopped);
    await more(300);
    await flow.stop();
    await settled(nc, PARTITIONS);
    const differences = check(await read(nc, PARTITIONS), flow.acknowledged);
    const { samples, signals } = flow.acknowledged;
    return {
      lost: lost.length,
      held: held.length,
      ...{ afterKillMs, afterStopMs, afterWakeMs, differences },
      acknowledged: samples.length + signals.length,
    };
  } finally {
    await nc.close();
  }
}
