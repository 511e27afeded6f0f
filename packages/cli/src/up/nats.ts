import { join } from "node:path";
import { type NatsServer, NatsServerError, startServer, waitForStore } from "@mapek/nats-server";
import { CliError } from "../errors.ts";
import { DEFAULT_NATS_PORT } from "../house/default-port.ts";
import { sayAside } from "../output/output.ts";
import { isTaken, portOrAny } from "./free-port.ts";
import type { UpOptions } from "./options.ts";

/** The server that `mapek up` works with. */
export interface UpServer {
  readonly url: string;
  /** Name of an embedded server, new with each `mapek up`. */
  readonly name: string | undefined;
  /** Address of an embedded server's monitoring endpoint, on loopback. */
  readonly monitoringUrl: string | undefined;
  /** Settles when an embedded server has ended; never for an external server. */
  readonly exited: Promise<unknown>;
  restart(): Promise<void>;
  /** Stops an embedded server; does nothing for an external one. */
  stop(): Promise<void>;
}

type ServerOptions = Pick<UpOptions, "natsUrl" | "natsPort" | "dataDir">;

/**
 * The external server of `natsUrl`, or a new embedded one: on `natsPort`, else on NATS' default port where that is
 * free, so that other tools find the server.
 *
 * @throws {CliError} MAPEK_CLI_PORT_TAKEN
 */
export async function serverFor(options: ServerOptions): Promise<UpServer> {
  const { natsUrl: url } = options;
  if (url !== undefined)
    return {
      url,
      name: undefined,
      monitoringUrl: undefined,
      exited: new Promise(() => {}),
      restart: async () => {},
      stop: async () => {},
    };
  const server = await embedded(options);
  return {
    url: server.url,
    name: server.name,
    monitoringUrl: server.monitoringUrl,
    get exited() {
      return server.exited;
    },
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

async function embedded({ natsPort, dataDir }: ServerOptions): Promise<NatsServer> {
  // Must come before the choice of a port: the server of a killed `mapek up` still holds its port until it ends.
  await waitForStore(dataDir, {
    onWait: () => sayAside(`waiting for the nats-server of an ended \`mapek up\` in ${dataDir}`),
  });
  const options = {
    storeDir: dataDir,
    log: join(dataDir, "logs", "nats-server.log"),
    monitoring: true,
  };
  if (natsPort !== undefined) {
    if (natsPort !== 0 && (await isTaken(natsPort)))
      throw new CliError(
        "MAPEK_CLI_PORT_TAKEN",
        `--nats-port ${natsPort}: choose another, or 0 for a free one`,
      );
    return await startServer({ ...options, port: natsPort });
  }
  const port = await portOrAny(DEFAULT_NATS_PORT);
  try {
    return await startServer({ ...options, port });
  } catch (error) {
    const lost =
      error instanceof NatsServerError && error.code === "MAPEK_NATS_SERVER_START_FAILED";
    // Another process may have taken the port after the check.
    if (port === 0 || !lost || (await portOrAny(DEFAULT_NATS_PORT)) !== 0) throw error;
    return await startServer({ ...options, port: 0 });
  }
}
