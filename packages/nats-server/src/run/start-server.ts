import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { NatsServerError } from "../errors.ts";
import { findServer, requireUsable } from "../find/find-server.ts";
import { freePort, isFree } from "./free-port.ts";
import type { KeeperTask } from "./keeper-protocol.ts";
import { waitUntilReady } from "./readiness.ts";
import { makeRunFolder, type RunFolder } from "./run-folder.ts";
import { launchServer, type ServerExit, type ServerProcess, StoreTaken } from "./server-process.ts";
import { STORE_WAIT_MS, storeInUse, storeLockPath, waitForStore } from "./store-lock.ts";

export interface StartServerOptions {
  /** JetStream's folder, used by one server at a time. @default a temporary folder, removed by `stop` */
  storeDir?: string;
  /** Longest wait for another server to leave `storeDir`, ms, 0 or more. @default 30_000 */
  storeWaitMs?: number;
  /** Port for clients, 1-65535; 0 picks a free one. @default 0 */
  port?: number;
  /** Address to listen on. @default "127.0.0.1" */
  host?: string;
  /** A nats-server configuration file; the options here override its port, host, name and store. */
  config?: string;
  /** The server program. @default what findServer finds */
  binary?: string;
  /** Server name, unique in a cluster. @default "mapek-" and 8 random hex digits */
  name?: string;
  /**
   * Syncs every write to disk before it is acknowledged. Replaces the `jetstream` block of `config`, if there is one.
   * @default false (the server syncs every 2 minutes)
   */
  syncAlways?: boolean;
  /** Destination of the server's output: standard error, a file (appended), or nowhere. @default "ignore" */
  log?: "inherit" | "ignore" | (string & {});
  /** Largest message, bytes, 1 or more. @default the server's (1 MiB) */
  maxPayload?: number;
  /** Environment of the server and of `findServer`. @default process.env */
  env?: NodeJS.ProcessEnv;
  /** Serves the server's monitoring (`/varz`, `/jsz`) over HTTP, on `host` and a free port. @default false */
  monitoring?: boolean;
  /** Makes the server one node of a cluster; it is ready once the cluster's JetStream has a leader. */
  cluster?: ClusterMember;
  /** Login for the readiness check where `config` requires one; the account needs JetStream. */
  connection?: NodeConnectionOptions;
  /** Time for one start, ms. @default 15_000 */
  startTimeoutMs?: number;
}

/** The cluster settings of one node. */
interface ClusterMember {
  name: string;
  /** Port for the other nodes, 1-65535. */
  port: number;
  /** Route addresses of all nodes, `nats://host:port`; the node's own may be among them. */
  routes: readonly string[];
}

/** A running server; `await using server = await startServer()` stops it at the block's end. */
export interface NatsServer extends AsyncDisposable {
  /** The server's own name. */
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Process id of the server since its last start. */
  readonly pid: number;
  readonly version: string;
  readonly storeDir: string;
  /** Monitoring address, where `monitoring` was set; the same after a restart. */
  readonly monitoringUrl: string | undefined;
  /** Exit of the process of the last start; pending while it runs, never rejects. */
  readonly exited: Promise<ServerExit>;
  /**
   * Sends SIGTERM, after 5 s SIGKILL; then removes the temporary store, unless `keepStore` is set or the store is the
   * caller's. May be called any number of times.
   */
  stop(options?: { keepStore?: boolean }): Promise<void>;
  /** Sends a signal to the server process itself (SIGKILL, SIGSTOP, SIGCONT in fault tests). */
  kill(signal: NodeJS.Signals): void;
  /**
   * Stops the server if it runs, and starts it on the same port and store. After a plain `stop` a temporary store is
   * gone: call `stop({ keepStore: true })` instead to keep it.
   *
   * @throws {NatsServerError} MAPEK_NATS_SERVER_START_FAILED.
   */
  restart(): Promise<void>;
}

interface Plan {
  binary: string;
  port: number;
  host: string;
  name: string;
  storeDir: string;
  monitoringPort: number | undefined;
  folder: RunFolder;
  options: StartServerOptions;
  env: NodeJS.ProcessEnv;
}

const PORT_ATTEMPTS = 3;

/**
 * Starts a nats-server with JetStream and resolves when JetStream answers.
 *
 * The server ends with this process, even if this process is killed with SIGKILL, and does not keep this process
 * alive. It runs in its own session, so a Ctrl-C does not reach it before `stop` does.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_BAD_OPTION; MAPEK_NATS_SERVER_START_FAILED with the server's last lines;
 * MAPEK_NATS_SERVER_STORE_IN_USE; MAPEK_NATS_SERVER_BAD_BINARY for `binary`; the errors of findServer.
 * Cost: about 0.2 s and two processes (the server, and a keeper of about 45 MB).
 */
export async function startServer(options: StartServerOptions = {}): Promise<NatsServer> {
  requireInRange("port", options.port ?? 0, 0, 65_535);
  requireInRange("maxPayload", options.maxPayload ?? 1, 1, 2 ** 31 - 1);
  const env = options.env ?? process.env;
  const host = options.host ?? "127.0.0.1";
  const binary = options.binary ?? (await findServer({ env })).path;
  if (options.binary !== undefined) await requireUsable(options.binary, env);
  const folder = await makeRunFolder(options);
  const storeDir = resolve(options.storeDir ?? join(folder.path, "store"));
  const name = options.name ?? `mapek-${randomBytes(4).toString("hex")}`;
  try {
    if (options.storeDir !== undefined) {
      await mkdir(storeDir, { recursive: true });
      await waitForStore(storeDir, { timeoutMs: options.storeWaitMs ?? STORE_WAIT_MS });
    }
    for (let attempt = 1; ; attempt++) {
      const port = options.port || (await freePort(host));
      const monitoringPort = options.monitoring ? await freePort(host) : undefined;
      const plan: Plan = {
        ...{ binary, port, host, name, storeDir, monitoringPort },
        ...{ folder, options, env },
      };
      try {
        return handle(plan, await startOnce(plan));
      } catch (error) {
        const lostTheRace = !options.port && !(await isFree(host, port));
        if (!lostTheRace || attempt === PORT_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

interface Running {
  child: ServerProcess;
  version: string;
}

async function startOnce(plan: Plan): Promise<Running> {
  const { binary, folder, options } = plan;
  const timeoutMs = options.startTimeoutMs ?? 15_000;
  const deadline = Date.now() + timeoutMs;
  const flags = ["-a", plan.host, "-p", String(plan.port), "-n", plan.name];
  flags.push("-js", "-sd", plan.storeDir, "--ports_file_dir", folder.path);
  if (plan.monitoringPort !== undefined) flags.push("-m", String(plan.monitoringPort));
  if (options.cluster !== undefined) flags.push(...clusterFlags(plan.host, options.cluster));
  let child: ServerProcess;
  try {
    const task: KeeperTask = {
      command: [binary, ...(await folder.prepare()), ...flags],
      log: logOf(options),
      temporaryFolders: [folder.path],
      ...(options.storeDir !== undefined && { lockPath: storeLockPath(plan.storeDir) }),
    };
    child = await launchServer(task, plan.env);
  } catch (error) {
    if (error instanceof StoreTaken) throw storeInUse(plan.storeDir);
    throw startFailed(binary, `it could not be run (${(error as Error).message})`, [], error);
  }
  let exit: ServerExit | undefined;
  child.exited.then((it) => {
    exit = it;
  });
  try {
    const version = await waitUntilReady({
      url: urlOf(plan),
      pid: child.pid,
      portsFolder: folder.path,
      deadline,
      isOver: () => exit !== undefined,
      connection: options.connection ?? {},
    });
    child.unref();
    return { child, version };
  } catch (error) {
    const early = exit;
    const { logTail } = await child.stop();
    const reason =
      early === undefined
        ? `JetStream did not answer within ${timeoutMs / 1000} s (${(error as Error).message})`
        : `it ended with ${early.signal ?? `code ${early.code}`}`;
    throw startFailed(binary, reason, logTail, error);
  }
}

function handle(plan: Plan, first: Running): NatsServer {
  let current = first;
  let queue: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = queue.then(work);
    queue = turn.catch(() => {});
    return turn;
  };
  const server: NatsServer = {
    name: plan.name,
    url: urlOf(plan),
    port: plan.port,
    storeDir: plan.storeDir,
    monitoringUrl:
      plan.monitoringPort === undefined ? undefined : addressOf("http", plan, plan.monitoringPort),
    get pid() {
      return current.child.pid;
    },
    get version() {
      return current.version;
    },
    get exited() {
      return current.child.exited;
    },
    stop: ({ keepStore = false } = {}) =>
      inTurn(async () => {
        await current.child.stop();
        if (!keepStore) await plan.folder.remove();
      }),
    kill: (signal) => current.child.kill(signal),
    restart: () =>
      inTurn(async () => {
        await current.child.stop();
        current = await startOnce(plan);
      }),
    [Symbol.asyncDispose]: () => server.stop(),
  };
  return server;
}

function logOf({ log = "ignore" }: StartServerOptions): KeeperTask["log"] {
  if (log === "inherit") return { type: "inherit" };
  if (log === "ignore") return { type: "ignore" };
  return { type: "file", path: resolve(log) };
}

const clusterFlags = (host: string, { name, port, routes }: ClusterMember): string[] => [
  ...["--cluster_name", name, "--cluster", `nats://${host}:${port}`],
  ...["--routes", routes.join(",")],
];

const urlOf = (plan: Plan): string => addressOf("nats", plan, plan.port);

function addressOf(scheme: string, { host }: Plan, port: number): string {
  const anywhere = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `${scheme}://${anywhere.includes(":") ? `[${anywhere}]` : anywhere}:${port}`;
}

function requireInRange(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const expected = `a whole number from ${least} to ${most}`;
  throw new NatsServerError(
    "MAPEK_NATS_SERVER_BAD_OPTION",
    `${option} is ${value}, not ${expected}`,
    {
      option,
      expected,
    },
  );
}

function startFailed(
  binary: string,
  reason: string,
  logTail: readonly string[],
  cause: unknown,
): NatsServerError<"MAPEK_NATS_SERVER_START_FAILED"> {
  const lines =
    logTail.length === 0 ? "It wrote nothing." : `Its last lines:\n${logTail.join("\n")}`;
  return new NatsServerError(
    "MAPEK_NATS_SERVER_START_FAILED",
    `${binary}: ${reason}. ${lines}`,
    { binary, reason, logTail },
    cause,
  );
}
