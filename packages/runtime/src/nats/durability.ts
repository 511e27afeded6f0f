import http from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import type { Durability } from "@mapek/core/contract";
import type { StreamInfo } from "@nats-io/jetstream";
import type { Registry } from "prom-client";
import type { Logger } from "../log.ts";
import { instrument } from "../metrics/instrument.ts";
import type { Connection } from "./connect.ts";

const ASK_TIMEOUT_MS = 2_000;
const NANOS_PER_SECOND = 1e9;

/** The fields of a server's `/varz` about syncing and its cluster. */
interface Varz {
  readonly jetstream?: {
    readonly config?: { readonly sync_interval?: number; readonly sync_always?: boolean };
    readonly meta?: { readonly cluster_size?: number };
  };
}

/**
 * Finds out whether an acknowledged write survives a power failure.
 *
 * Replicas and storage come from the streams' configuration. The sync interval is visible only at a server's
 * monitoring address and to its system account, not to clients.
 *
 * @param streams Names of the streams to ask about, at least one.
 * @param monitoringUrls Monitoring addresses of the servers, separated by commas; undefined where there is none.
 * @throws {Error} When a stream's info cannot be read. A monitoring address that does not answer gives `sync:
 * "unknown"`.
 * Cost: one request for each stream, one HTTP request for each monitoring address.
 */
export async function readDurability(
  { nc, jsm }: Connection,
  streams: readonly string[],
  monitoringUrls: string | undefined,
): Promise<Durability> {
  const urls = (monitoringUrls ?? "").split(",").filter((url) => url.trim() !== "");
  const [infos, servers] = await Promise.all([
    Promise.all(streams.map((name) => jsm.streams.info(name))),
    Promise.all(urls.map((url) => readVarz(url.trim()))),
  ]);
  return {
    version: 1,
    server_version: nc.info?.version ?? "unknown",
    replicas: Math.min(...infos.map(({ config }) => config.num_replicas)),
    storage: infos.some(({ config }) => config.storage === "memory") ? "memory" : "file",
    cluster_size: clusterSize(nc.info?.cluster, servers, infos),
    sync: weakest(servers.map(syncOf)),
  };
}

async function readVarz(url: string): Promise<Varz | undefined> {
  try {
    return JSON.parse(await textOf(`${url.replace(/\/$/, "")}/varz`)) as Varz;
  } catch {
    return undefined;
  }
}

/** Uses Node's HTTP client: loading `fetch` takes longer than the request itself. */
function textOf(url: string): Promise<string> {
  const { get } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    get(url, { signal }, (answer) => text(answer).then(resolve, reject)).on("error", reject);
  });
}

function syncOf(server: Varz | undefined): Durability["sync"] {
  const { sync_always, sync_interval } = server?.jetstream?.config ?? {};
  if (sync_always) return "always";
  return sync_interval === undefined ? "unknown" : sync_interval / NANOS_PER_SECOND;
}

function weakest(syncs: readonly Durability["sync"][]): Durability["sync"] {
  if (syncs.length === 0 || syncs.includes("unknown")) return "unknown";
  const seconds = syncs.filter((sync) => typeof sync === "number");
  return seconds.length === 0 ? "always" : Math.max(...seconds);
}

/**
 * The number of servers; null where it is unknown. Without monitoring a client cannot tell whether the servers of a
 * stream are all servers of the cluster.
 */
function clusterSize(
  cluster: string | undefined,
  servers: readonly (Varz | undefined)[],
  infos: readonly StreamInfo[],
): number | null {
  if (cluster === undefined && infos.every((info) => !info.cluster?.name)) return 1;
  return servers.find((server) => server?.jetstream?.meta)?.jetstream?.meta?.cluster_size ?? null;
}

/** True where one power failure can lose acknowledged writes: there is one replica, and writes are not known to be synced. */
export const isAtRisk = ({ replicas, storage, sync }: Durability): boolean =>
  replicas === 1 && (storage === "memory" || sync !== "always");

/** Logs the durability; a warning where acknowledged writes are at risk. */
export function logDurability(log: Logger, durability: Durability): void {
  if (!isAtRisk(durability)) {
    log.info({ durability }, "durability");
    return;
  }
  log.warn(
    { durability },
    "a power failure of the server can take acknowledged writes: streams have one replica, and it is not known to sync each write (streams.replicas, the server's sync_interval, nats.monitoring_url)",
  );
}

/** Registers the gauges of durability; returns the function that sets them. */
export function durabilityGauges(registry: Registry): (durability: Durability) => void {
  const replicas = instrument(registry, "mapek_durability_replicas");
  const seconds = instrument(registry, "mapek_durability_sync_seconds");
  return ({ replicas: count, sync }) => {
    replicas.set(count);
    seconds.set(sync === "always" ? 0 : sync === "unknown" ? Number.NaN : sync);
  };
}
