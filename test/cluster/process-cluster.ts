import { startTestCluster } from "../support/nats.ts";
import type { ClusterUnderTest } from "./cluster-under-test.ts";

/** A cluster of plain processes on this machine. */
export async function startProcessCluster(): Promise<ClusterUnderTest> {
  const cluster = await startTestCluster();
  return {
    nodes: cluster.nodes.map((node) => ({
      name: node.name,
      async kill() {
        node.kill("SIGKILL");
        await node.exited;
      },
      restart: () => node.restart(),
    })),
    urls: cluster.nodes.map(({ url }) => url),
    metaLeader: async () => (await cluster.metaLeader())?.name,
    settled: () => cluster.settled(),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}
