import { STREAMS } from "@mapek/runtime";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { check, type Difference } from "../soak/checker.ts";
import { Flow } from "../soak/flow.ts";
import { Random } from "../soak/random.ts";
import { read, settled } from "../soak/reading.ts";
import { startServices } from "../support/service-process.ts";
import { waitFor } from "../support/wait-for.ts";
import type { ClusterUnderTest, NodeUnderTest } from "./cluster-under-test.ts";
import { OutputWatch } from "./output-watch.ts";

/** By kind of output, how long none came when a node was lost, ms. */
export type Gaps = Readonly<Record<keyof typeof KINDS, number>>;

export interface NodeLoss extends Gaps {
  readonly victim: string;
  readonly roles: readonly string[];
  /** When the knowledge and the samples stream both had a leader again, ms. */
  readonly electedAfterMs: number;
}

/**
 * Kinds of outputs, each with a way of its own through the streams. Thresholds change here only by
 * commands that signals led to, and an action of metrics_learning is applied when the learner has confirmed its command.
 */
const KINDS = {
  feedback: ["feedback", "actions"],
  learner: ["recommendations", "anomalies"],
  thresholds: ["thresholds"],
  applied: ["metrics_learning applied"],
} as const;

const PARTITIONS = 4;
const LANES = 8;
const PAUSE_MS = 40;
/** Outputs flow for so long before a node is killed, and after they are back. */
const STEADY_MS = 2_000;
const ELECTION_ANSWER_MS = 1_000;

/**
 * All services over a cluster with three replicas; each node is killed in turn under load, first the
 * leaders, and started again.
 */
export async function loseEachNode(
  cluster: ClusterUnderTest,
): Promise<{ losses: NodeLoss[]; differences: Difference[]; acknowledged: number }> {
  const servers = [...cluster.urls];
  await using services = await startServices({
    NATS_URL: servers.join(","),
    MAPEK_REPLICAS: "3",
    MAPEK_PARTITIONS: String(PARTITIONS),
    MAPEK_CONFIG: new URL("./settings.yaml", import.meta.url).pathname,
  });
  await using watch = await OutputWatch.start(servers);
  const nc = await connect({ servers, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
  try {
    const flow = new Flow({
      connections: [nc],
      random: new Random(1),
      systems: Array.from({ length: LANES }, (_, i) => `lane${i}`),
      startAt: Date.now(),
      pauseMs: PAUSE_MS,
    }).start();
    const losses: NodeLoss[] = [];
    const left = new Set(cluster.nodes);
    for (const role of ["knowledge", "samples", "meta", "any", "any", "any"]) {
      const victim = await victimOf(cluster, nc, role, left);
      if (victim === undefined) continue;
      losses.push(await lose(cluster, nc, victim, watch));
      left.delete(victim);
    }
    await flow.stop();
    await settled(nc, PARTITIONS);
    const differences = check(await read(nc, PARTITIONS), flow.acknowledged);
    const { samples, signals } = flow.acknowledged;
    return { losses, differences, acknowledged: samples.length + signals.length };
  } finally {
    await nc.close();
    void services;
  }
}

async function leaders(cluster: ClusterUnderTest, nc: NatsConnection) {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const leaderOf = async (stream: string) => (await jsm.streams.info(stream)).cluster?.leader;
  return {
    knowledge: await leaderOf(STREAMS.knowledge),
    samples: await leaderOf(STREAMS.samples),
    meta: await cluster.metaLeader(),
  };
}

/** The node that leads now; of those not killed yet, where it does not matter. */
async function victimOf(
  cluster: ClusterUnderTest,
  nc: NatsConnection,
  role: string,
  left: ReadonlySet<NodeUnderTest>,
): Promise<NodeUnderTest | undefined> {
  if (role === "any") return [...left].at(0);
  const found = await leaders(cluster, nc);
  const name = found[role as keyof typeof found];
  return cluster.nodes.find((node) => node.name === name);
}

async function lose(
  cluster: ClusterUnderTest,
  nc: NatsConnection,
  victim: NodeUnderTest,
  watch: OutputWatch,
): Promise<NodeLoss> {
  const led = Object.entries(await leaders(cluster, nc));
  const roles = led.filter(([, name]) => name === victim.name).map(([role]) => role);
  await flows(watch);
  const killedAt = performance.now();
  await victim.kill();
  const [electedAt] = await Promise.all([elected(nc, victim), flows(watch)]);
  const end = performance.now();
  await victim.restart();
  await cluster.settled();
  await replicated(nc);
  const electedAfterMs = Math.round(electedAt - killedAt);
  return { victim: victim.name, roles, electedAfterMs, ...gapsOf(watch, killedAt, end) };
}

/** When both streams had a leader that is not the lost node; only a leader answers. */
async function elected(nc: NatsConnection, { name: lost }: NodeUnderTest): Promise<number> {
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: ELECTION_ANSWER_MS });
  await Promise.all(
    [STREAMS.knowledge, STREAMS.samples].map((stream) =>
      waitFor(`${stream} has a leader`, async () => {
        const leader = (await jsm.streams.info(stream)).cluster?.leader;
        return leader !== undefined && leader !== lost;
      }),
    ),
  );
  return performance.now();
}

function gapsOf(watch: OutputWatch, from: number, to: number): Gaps {
  const gaps = Object.entries(KINDS).map(([kind, families]) => [
    kind,
    Math.round(watch.longestGapMs(families, from, to)),
  ]);
  return Object.fromEntries(gaps);
}

/** Waits until outputs of all kinds have come for a while without a longer pause. */
async function flows(watch: OutputWatch): Promise<void> {
  const from = performance.now();
  await waitFor("outputs flow", () => {
    const now = performance.now();
    const since = now - STEADY_MS;
    return (
      since > from && Object.values(gapsOf(watch, since, now)).every((gap) => gap < STEADY_MS / 2)
    );
  });
}

/** Waits until every stream has all its replicas: another node may be lost only then. */
async function replicated(nc: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  await waitFor("all replicas are current", async () => {
    const infos = await jsm.streams.list().next();
    return infos.every(
      ({ cluster }) =>
        cluster?.leader &&
        cluster.replicas?.length === 2 &&
        cluster.replicas.every(({ current, offline }) => current && !offline),
    );
  });
}
