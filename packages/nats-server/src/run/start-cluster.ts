import { randomBytes } from "node:crypto";
import { NatsServerError } from "../errors.ts";
import { freePort } from "./free-port.ts";
import { ledMetaGroups, waitUntilSettled } from "./meta-group.ts";
import { type NatsServer, type StartServerOptions, startServer } from "./start-server.ts";

export interface StartClusterOptions
  extends Omit<StartServerOptions, "name" | "port" | "storeDir" | "cluster" | "monitoring"> {
  /** Number of nodes, 1 or more; a majority must run, or nothing can be stored. @default 3 */
  size?: number;
}

/** A running cluster; `await using cluster = await startCluster()` stops it at the block's end. */
export interface NatsCluster extends AsyncDisposable {
  readonly name: string;
  /** The nodes, each with kill, stop and restart. A node's name is `<cluster>-<index>`. */
  readonly nodes: readonly NatsServer[];
  /** Addresses of all nodes, separated by commas, as `NATS_URL` takes them. */
  readonly urls: string;
  /** The node that leads JetStream's meta group by its own account; undefined while there is none. */
  metaLeader(): Promise<NatsServer | undefined>;
  /**
   * Resolves when the meta group has a leader that sees `nodes` nodes as current, including itself.
   *
   * @param nodes 1 to the cluster's size. @default all
   * @throws {NatsServerError} MAPEK_NATS_SERVER_START_FAILED after `startTimeoutMs`.
   */
  settled(nodes?: number): Promise<void>;
  stop(): Promise<void>;
}

const START_ATTEMPTS = 3;

/**
 * Starts a cluster of nats-servers with JetStream on this machine, each with its own ports and temporary store.
 * Resolves when all nodes are current in the meta group: from then on, streams with as many replicas as nodes can be
 * created.
 *
 * @throws {NatsServerError} As startServer.
 * Cost: 1 to 2 s, mostly for the election; two processes for each node.
 */
export async function startCluster(options: StartClusterOptions = {}): Promise<NatsCluster> {
  const { size = 3, ...shared } = options;
  if (!Number.isInteger(size) || size < 1)
    throw new NatsServerError("MAPEK_NATS_SERVER_BAD_OPTION", `size is ${size}, not 1 or more`, {
      option: "size",
      expected: "a whole number from 1",
    });
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(size, shared);
    } catch (error) {
      // Another process may have taken a route port since it was found free.
      if (attempt === START_ATTEMPTS) throw error;
    }
  }
}

async function startOnce(size: number, shared: StartServerOptions): Promise<NatsCluster> {
  const host = shared.host ?? "127.0.0.1";
  const name = `mapek-${randomBytes(4).toString("hex")}`;
  const ports = await Promise.all(Array.from({ length: size }, () => freePort(host)));
  const routes = ports.map((port) => `nats://${host}:${port}`);
  const starts = await Promise.allSettled(
    ports.map((port, i) =>
      startServer({
        ...shared,
        name: `${name}-${i}`,
        cluster: { name, port, routes },
        monitoring: true,
      }),
    ),
  );
  const nodes = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  const failed = starts.find((start) => start.status === "rejected");
  const settled = (count = size) => waitUntilSettled(nodes, count, shared.startTimeoutMs ?? 15_000);
  try {
    if (failed !== undefined) throw failed.reason;
    await settled();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    nodes,
    urls: nodes.map(({ url }) => url).join(","),
    async metaLeader() {
      return (await ledMetaGroups(nodes)).at(0)?.leader;
    },
    settled,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
