import { setTimeout as delay } from "node:timers/promises";
import { NatsServerError } from "../errors.ts";

/** A server of a cluster, as far as its monitoring address tells of it. */
interface Monitored {
  readonly name: string;
  readonly monitoringUrl: string | undefined;
}

/** The part of `/jsz` that is about the group of all JetStream servers. */
interface MetaGroup {
  leader?: string;
  replicas?: { name: string; current: boolean; offline?: boolean }[];
}

const POLL_MS = 50;
const ASK_TIMEOUT_MS = 1_000;

/**
 * Resolves when the cluster's meta group has a leader that sees `count` nodes as current, itself among them.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_START_FAILED after `timeoutMs`.
 */
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

/** The meta group as its leaders see it: only they know who is current. More than one for a moment at most. */
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
