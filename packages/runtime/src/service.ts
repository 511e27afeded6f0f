import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import type { Durability, Service, Subjects } from "@mapek/core/contract";
import manifest from "../package.json" with { type: "json" };
import type { Config } from "./config/config-schema.ts";
import { DEFAULT_PORTS } from "./config/default-ports.ts";
import { loadConfig } from "./config/load-config.ts";
import { withoutSecrets } from "./config/without-secrets.ts";
import { DeadLetters } from "./doors/dead-letters.ts";
import { RuntimeError } from "./errors.ts";
import { startHealthServer } from "./health-server.ts";
import { createLogger, type Logger } from "./log.ts";
import { MemoryWatch, memoryLimitBytes } from "./memory-watch.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { type Connection, connect } from "./nats/connect.ts";
import { Discovery } from "./nats/discovery.ts";
import { durabilityGauges, logDurability, readDurability } from "./nats/durability.ts";
import type { EndpointStats } from "./nats/endpoint-stats.ts";
import { ensureStreams } from "./nats/ensure-streams.ts";
import { linkOf } from "./nats/link.ts";
import { streamDeclarations, subjectsOf } from "./nats/streams.ts";

/** What the runtime hands to a service when it starts. */
export interface ServiceContext {
  readonly config: Config;
  readonly connection: Connection;
  readonly subjects: Subjects;
  readonly metrics: Metrics;
  readonly deadLetters: DeadLetters;
  readonly log: Logger;
  readonly memory: MemoryWatch;
  /** Name of this process, unique for each start: the owner in position records, the name of its connection. */
  readonly owner: string;
  /** Asks the server again how durable an acknowledged write is: replicas, storage and sync interval. */
  readonly durability: () => Promise<Durability>;
}

/** A running service, as the harness sees it. */
export interface RunningService {
  ready(): boolean;
  /** Subjects on which the service takes messages, as NATS service discovery lists them. */
  readonly endpoints: readonly EndpointStats[];
  /** Stops taking messages in, and resolves when all work that was taken in is finished. */
  drain(): Promise<void>;
  /** Brings gauges up to date; called before each answer to `/metrics`. */
  beforeMetrics?(): void;
  /** Fields that the health endpoints show. */
  details?(): object;
  /** Status in place of "ok" of a service that works with a restriction, such as "lagging". */
  condition?(): string | undefined;
}

const DESCRIPTIONS: Readonly<Record<Service, string>> = {
  monitor: "Takes samples in and stores them",
  learner: "Learns thresholds and detects anomalies",
  optimizer: "Tunes the parameters of control loops",
  feedback: "Turns signals into actions and judges them",
};

/** Milliseconds that a drain may take before the process ends anyway. */
const DRAIN_TIMEOUT_MS = 4_500;
const READY_CHECK_MS = 50;

/**
 * Runs a service as a process until the process exits.
 *
 * Reads the configuration from flags, environment and file, connects, creates missing streams and serves the health
 * endpoint. A parent process gets a `ready` message over IPC. The service drains on SIGTERM, on SIGINT and when its
 * parent process is gone.
 *
 * Exit codes: 0 after a drain, 1 after a failure, 2 for a bad configuration or bad arguments.
 */
export async function runService(
  name: Service,
  start: (context: ServiceContext) => Promise<RunningService>,
): Promise<void> {
  let config: Config;
  try {
    config = loadConfig(sourcesFromProcess());
  } catch (error) {
    return refuse(error);
  }
  const log = createLogger(name, config.log.level);
  try {
    await serve(name, config, log, start);
  } catch (error) {
    const code = error instanceof RuntimeError ? error.code : "unexpected";
    if (code.startsWith("MAPEK_CONFIG_")) refuse(error);
    log.fatal({ err: error, code }, "the service could not start");
    process.exit(1);
  }
}

function refuse(error: unknown): never {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(2);
}

function sourcesFromProcess() {
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      nats: { type: "string" },
      "http-port": { type: "string" },
      "log-level": { type: "string" },
    },
  });
  const port = values["http-port"];
  return {
    file: values.config,
    env: process.env,
    flags: {
      "nats.url": values.nats,
      "http.port": port === undefined ? undefined : Number(port),
      "log.level": values["log-level"],
    },
  };
}

async function serve(
  name: Service,
  config: Config,
  log: Logger,
  start: (context: ServiceContext) => Promise<RunningService>,
): Promise<void> {
  log.info({ config: withoutSecrets(config), node: process.version }, "starting");
  const owner = `${name}-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  let finish = async (): Promise<unknown> => undefined;
  let stopping = false;
  onStopRequest((why) => {
    stopping = true;
    log.info({ why }, "draining");
    const deadline = setTimeout(() => {
      log.error("the drain took too long; what was not stored is replayed at the next start");
      process.exit(1);
    }, DRAIN_TIMEOUT_MS);
    deadline.unref();
    finish().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ err: error }, "the drain failed");
        process.exit(1);
      },
    );
  });
  const connection = await connect(config.nats, owner);
  const { nc, jsm } = connection;
  const link = linkOf(nc);
  void nc.closed().then((error) => {
    if (stopping) return;
    log.fatal({ err: error }, "the connection is closed for good");
    process.exit(1);
  });
  const declarations = streamDeclarations(config);
  await ensureStreams(jsm, declarations, config.streams.update);
  const subjects = subjectsOf(config);
  const metrics = createMetrics(name);
  watchConnection(connection, metrics, log);
  const deadLetters = new DeadLetters(nc, subjects, name, metrics);
  const showDurability = durabilityGauges(metrics.registry);
  const names = declarations.map((stream) => stream.name);
  const readNow = () => readDurability(connection, names, config.nats.monitoring_url);
  let found = await readNow();
  logDurability(log, found);
  const durability = async () => {
    found = await readNow();
    return found;
  };
  const memory = new MemoryWatch({
    limitBytes: memoryLimitBytes(config.memory.max_mb),
    registry: metrics.registry,
    log,
  });
  let service: RunningService | undefined;
  const health = await startHealthServer({
    host: config.http.host,
    port: config.http.port ?? DEFAULT_PORTS[name],
    registry: metrics.registry,
    beforeMetrics: () => {
      showDurability(found);
      service?.beforeMetrics?.();
    },
    healthy: () => !nc.isClosed(),
    ready: () => link.connected && (service?.ready() ?? false),
    condition: () => (memory.short ? "memory_short" : service?.condition?.()),
    details: () => ({
      service: name,
      owner,
      memory: memory.details(),
      nats: { server: nc.getServer(), version: nc.info?.version },
      durability: found,
      ...service?.details?.(),
    }),
  });
  // `start` comes last: a process that cannot run must not claim partitions that another process owns.
  const running = await start({
    ...{ config, connection, subjects, metrics, deadLetters, log, memory, owner, durability },
  });
  service = running;
  const discovery = new Discovery(nc, {
    name: `mapek-${name}`,
    id: owner,
    version: manifest.version,
    description: DESCRIPTIONS[name],
    metadata: { node: process.version, prefix: subjects.prefixes.public },
  });
  discovery.add(...running.endpoints);
  finish = async () => {
    discovery.stop();
    await running.drain();
    await Promise.all([nc.drain(), health.close()]);
  };
  while (!running.ready()) await new Promise((resolve) => setTimeout(resolve, READY_CHECK_MS));
  discovery.start();
  // Without this flush the first requests find no subscriber. A flush that fails means a lost connection, and the
  // client subscribes again after it reconnects.
  await nc.flush().catch(() => {});
  log.info({ http: health.url }, "ready");
  if (process.connected) process.send?.({ type: "ready", service: name, http: health.url });
}

const LOGGED_EVENTS: ReadonlySet<string> = new Set([
  "disconnect",
  "reconnect",
  "error",
  "slowConsumer",
]);

/**
 * Counts and logs the connection's events. A server that disconnects this process as a slow consumer does not say why:
 * the event is a `disconnect`, soon followed by a `reconnect`.
 */
function watchConnection({ nc }: Connection, metrics: Metrics, log: Logger): void {
  log.info({ server: nc.getServer(), version: nc.info?.version }, "connected");
  void (async () => {
    for await (const { type } of nc.status()) {
      if (!LOGGED_EVENTS.has(type)) continue;
      metrics.connectionEvents.inc({ type });
      log.warn({ status: type }, "connection");
    }
  })();
}

/** Calls `stop` once: at SIGTERM, at SIGINT or when the parent process is gone. */
function onStopRequest(stop: (why: string) => void): void {
  let asked = false;
  const ask = (why: string) => {
    if (asked) return;
    asked = true;
    stop(why);
  };
  process.on("SIGTERM", () => ask("SIGTERM"));
  process.on("SIGINT", () => ask("SIGINT"));
  if (process.send === undefined) return;
  const orphaned = () => ask("the parent process is gone");
  process.on("disconnect", orphaned);
  if (!process.connected) orphaned();
}
