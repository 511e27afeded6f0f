import { setTimeout as delay } from "node:timers/promises";
import { NatsServerError } from "../errors.ts";

/** A server of a cluster and its monitoring address. */
interface Monitored {
  readonly name: string;
  readonly monitoringUrl: string | undefined;
}

/** The fields of `/jsz` about the meta group, which all JetStream servers form. */
interface MetaGroup {
  leader?: string;
  replicas?: { name: string; current: boolean; offline?: boolean }[];
}

const POLL_MS = 50;
const ASK_TIMEOUT_MS = 1_000;

/** Resolves when the meta group has a leader that sees `count` nodes as current, including itself. */
export async function waitUntilSettled(
  nodes: readonly Monitored[],
  count: number,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const groups = await ledMetaGroups(nodes);
    if (groups.some(({ current }) => current >= count)) return;
    if (performance.now() > deadline)
      throw new NatsServerError(
        "MAPEK_NATS_SERVER_START_FAILED",
        `the cluster did not have ${count} current nodes within ${timeoutMs / 1_000} s`,
        { binary: "nats-server", reason: "no settled meta group", logTail: [] },
      );
    await delay(POLL_MS);
  }
}

/** The meta group as its leader sees it, since only the leader knows which nodes are current. For a moment there can be two. */
export async function ledMetaGroups<Node extends Monitored>(
  nodes: readonly Node[],
): Promise<{ leader: Node; current: number }[]> {
  const views = nodes.map(async (node) => {
    try {
      const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
      const answer = await fetch(`${node.monitoringUrl}/jsz`, { signal });
      const { meta_cluster: group } = (await answer.json()) as { meta_cluster?: MetaGroup };
      if (group?.leader !== node.name) return [];
      const followers = (group.replicas ?? []).filter((peer) => peer.current && !peer.offline);
      return [{ leader: node, current: 1 + followers.length }];
    } catch {
      return [];
    }
  });
  return (await Promise.all(views)).flat();
}
