import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsCluster, NatsServer } from "@mapek/nats-server";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { OutputWatch } from "../cluster/output-watch.ts";
import { startTestCluster, startTestServer } from "../support/nats.ts";
import { Instance } from "./instance.ts";
import { type HouseKind, INSTANCES, type InstanceName } from "./schedule.ts";
import { SmallDisk } from "./small-disk.ts";

export const PARTITIONS = 4;

/** Room on the small disk: more than a house's life fills. */
const DISK_MEGABYTES = 128;

const CONFIG = new URL("../support/soak.yaml", import.meta.url).pathname;

/** A server, or three, with two instances of each service: lives through many schedules. */
export class SoakHouse implements AsyncDisposable {
  readonly kind: HouseKind;
  readonly instances: ReadonlyMap<InstanceName, Instance>;
  /** Straight to the server: the publishers' connection, which no fault of a network touches. */
  readonly nc: NatsConnection;
  readonly watch: OutputWatch;
  readonly servers: readonly NatsServer[];
  readonly cluster: NatsCluster | undefined;
  readonly disk: SmallDisk | undefined;
  readonly #undo: AsyncDisposableStack;

  static async start(kind: HouseKind): Promise<SoakHouse> {
    await using undo = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "mapek-soak-"));
    undo.defer(() => rm(folder, { recursive: true, force: true }));
    const disk =
      kind === "small disk" ? undo.use(await SmallDisk.mount(DISK_MEGABYTES)) : undefined;
    const cluster = kind === "cluster" ? undo.use(await startTestCluster()) : undefined;
    const storeDir = disk === undefined ? {} : { storeDir: join(disk.folder, "store") };
    const servers = cluster?.nodes ?? [undo.use(await startTestServer(storeDir))];
    const urls = servers.map(({ url }) => url);
    const env = {
      NATS_URL: urls.join(","),
      MAPEK_REPLICAS: String(servers.length),
      MAPEK_PARTITIONS: String(PARTITIONS),
      MAPEK_CONFIG: CONFIG,
      MAPEK_LOG_LEVEL: "warn",
    };
    // Servers of a cluster tell clients each other's addresses, which would lead around a network of one's own.
    const serverPort = cluster === undefined ? servers[0]?.port : undefined;
    const instances = new Map<InstanceName, Instance>();
    for (const name of INSTANCES)
      instances.set(name, undo.use(await Instance.create({ name, env, folder, serverPort })));
    const nc = await connect({ servers: urls, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    undo.defer(() => nc.close());
    const watch = undo.use(await OutputWatch.start(urls));
    await Promise.all([...instances.values()].map((instance) => instance.start()));
    return new SoakHouse({ kind, instances, nc, watch, servers, cluster, disk }, undo.move());
  }

  private constructor(
    parts: Pick<SoakHouse, "kind" | "instances" | "nc" | "watch" | "servers" | "cluster" | "disk">,
    undo: AsyncDisposableStack,
  ) {
    this.kind = parts.kind;
    this.instances = parts.instances;
    this.nc = parts.nc;
    this.watch = parts.watch;
    this.servers = parts.servers;
    this.cluster = parts.cluster;
    this.disk = parts.disk;
    this.#undo = undo;
  }

  /** The one server of a house without a cluster. */
  get server(): NatsServer {
    return this.servers[0] as NatsServer;
  }

  instance(name: InstanceName): Instance {
    return this.instances.get(name) as Instance;
  }

  /** What the instances logged last, for whoever looks for the cause of a difference. */
  logs(): string {
    return [...this.instances.values()].map(({ name, log }) => `--- ${name}\n${log}`).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#undo.disposeAsync();
  }
}
