import { createWriteStream, mkdirSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { connect } from "@mapek/client";
import { loadConfig } from "@mapek/runtime/config";
import { connectOptions, withoutCredentials } from "../connection.ts";
import { HouseFiles } from "../house/house-files.ts";
import { printLine, sayAside } from "../output/output.ts";
import { version } from "../version.ts";
import { newConsoleToken, withConsoleToken } from "./console-token.ts";
import { lockDataFolder } from "./data-lock.ts";
import { EventLines, subscribeToEvents, type UpEvent } from "./events.ts";
import { LiveView } from "./live-view.ts";
import { serverFor, type UpServer } from "./nats.ts";
import type { UpOptions } from "./options.ts";
import { Ports } from "./ports.ts";
import { CrashPolicy } from "./processes/crash-policy.ts";
import { type Program, programsFor } from "./processes/programs.ts";
import { ShutdownRequest } from "./processes/shutdown-request.ts";
import { Supervisor } from "./processes/supervisor.ts";
import { UndoStack } from "./processes/undo-stack.ts";

/** Time that the services of a killed `mapek up` have to end and free their ports. */
const LEFT_SERVICES_MS = 15_000;

/** Output of events: JSON lines, or the live view. */
interface Display {
  add(event: UpEvent): void;
  ready(http: Readonly<Record<string, string>>): void;
  stop(): void;
}

/**
 * Runs the whole house until a shutdown request, and leaves no process behind.
 *
 * @throws {CliError} MAPEK_CLI_SERVICE_FAILED, MAPEK_CLI_CRASH_LOOP, MAPEK_CLI_DATA_IN_USE, MAPEK_CLI_PORT_TAKEN.
 * @throws {RuntimeError} as `loadConfig`.
 * @throws {NatsServerError} as `startServer`.
 * @throws {ClientError} MAPEK_CLIENT_UNREACHABLE where an external server does not answer.
 */
export async function runUp(options: UpOptions): Promise<void> {
  await using undo = new UndoStack();
  const shutdown = new ShutdownRequest();
  undo.defer(() => shutdown.close());
  const settings = { ...process.env, ...settingsFor(options) };
  const programs = programsFor(options.console);
  const ports = new Ports(loadConfig({ env: settings }), programs);
  const { left } = undo.use(await lockDataFolder(options.dataDir));
  const house = undo.use(new HouseFiles(options.dataDir, version, sayAside));
  mkdirSync(join(options.dataDir, "logs"), { recursive: true });
  await ports.requireFree(left === undefined ? 0 : LEFT_SERVICES_MS);
  const server = await serverFor(options);
  undo.defer(() => server.stop());
  const client = await connect({ ...connectOptions(server.url), name: "mapek-up" });
  undo.defer(() => client.close());
  const display = displayFor(options, client, server);
  undo.defer(() => display.stop());
  await subscribeToEvents(client, (event) => display.add(event));
  const token = process.env.MAPEK_CONSOLE_TOKEN || newConsoleToken();
  const addressed = (program: Program, http: string): string =>
    program === "console" ? withConsoleToken(http, token) : http;
  const supervisor = new Supervisor({
    programs,
    portFor: (program) => ports.portFor(program),
    env: { ...settings, ...addressesFor(server, token) },
    restart: options.restart,
    mainOf: options.mainOf,
    logOf: logsIn(options),
    onExit: (service, exit) => display.add({ event: "service_exited", service, ...exit }),
    onReady: (service, url) => {
      const http = addressed(service, url);
      house.tell({ http: { [service]: http } });
      display.add({ event: "service_ready", service, http });
    },
    onGivenUp: (error) => shutdown.fail(error),
  });
  undo.defer(() => supervisor.stop());
  shutdown.onForce(() => supervisor.kill());
  keepServer(server, display, shutdown);
  const started = await Promise.race([supervisor.start(), shutdown.requested]);
  if (started === undefined) return;
  const http = Object.fromEntries(
    Object.entries(started).map(([program, url]) => [program, addressed(program as Program, url)]),
  );
  house.tell({
    nats_url: withoutCredentials(server.url),
    nats_server: server.name ?? null,
    http,
  });
  // Without an address other commands wait for this house to end, and do not dial a server that is stopping.
  undo.defer(() => house.tell({ nats_url: null }));
  display.ready(http);
  await shutdown.requested;
}

function displayFor(
  options: UpOptions,
  client: ConstructorParameters<typeof LiveView>[0],
  server: UpServer,
): Display {
  const natsUrl = withoutCredentials(server.url);
  if (options.view) {
    const view = new LiveView(client, natsUrl, process.stdout);
    return {
      add: (event) => view.add(event),
      ready: (http) => view.start(http),
      stop: () => view.stop(),
    };
  }
  const lines = new EventLines(printLine);
  return {
    add: (event) => lines.add(event),
    ready: (http) => lines.ready({ event: "ready", nats_url: natsUrl, http }),
    stop: () => {},
  };
}

/** The options as environment variables, which the services and `loadConfig` read. */
function settingsFor({ configFile, collect, mode }: UpOptions): NodeJS.ProcessEnv {
  return {
    ...(configFile !== undefined && { MAPEK_CONFIG: configFile }),
    ...(collect !== undefined && { MAPEK_COLLECT: String(collect) }),
    ...(mode !== undefined && { MAPEK_MODE: mode }),
  };
}

function addressesFor(server: UpServer, consoleToken: string): NodeJS.ProcessEnv {
  return {
    // Lets services compile their code once per version and not at every start; an unwritable cache does no harm.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? getCompileCacheDir(),
    NATS_URL: server.url,
    MAPEK_CONSOLE_TOKEN: consoleToken,
    ...(server.monitoringUrl !== undefined && { NATS_MONITORING_URL: server.monitoringUrl }),
  };
}

/** Log outputs of the services: files while the terminal shows the view, else standard error. */
function logsIn(options: UpOptions): (service: Program) => Writable {
  if (!options.view) return () => process.stderr;
  const files = new Map<Program, Writable>();
  return (service) => {
    const known = files.get(service);
    if (known !== undefined) return known;
    const path = join(options.dataDir, "logs", `${service}.log`);
    const file = createWriteStream(path, { flags: "a" }).on("error", () => {});
    files.set(service, file);
    return file;
  };
}

/** Starts an embedded server again when it ends unexpectedly; a crash loop ends `mapek up`. */
function keepServer(server: UpServer, display: Display, shutdown: ShutdownRequest): void {
  const policy = new CrashPolicy();
  const watch = () => {
    void server.exited.then(async () => {
      if (shutdown.isRequested) return;
      display.add({ event: "server_exited" });
      const waitMs = policy.exited(performance.now());
      try {
        if (waitMs === undefined) throw new Error("nats-server ended five times within a minute");
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        if (shutdown.isRequested) return;
        await server.restart();
        display.add({ event: "server_ready" });
        watch();
      } catch (error) {
        shutdown.fail(error as Error);
      }
    });
  };
  watch();
}
