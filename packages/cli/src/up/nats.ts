import { join } from "node:path";
import { type NatsServer, NatsServerError, startServer } from "@mapek/nats-server";
import { portOrAny } from "./free-port.ts";

/** The server that `mapek up` works with. */
export interface UpServer {
  readonly url: string;
  /** Where an embedded server tells of itself over HTTP, on loopback. */
  readonly monitoringUrl: string | undefined;
  /** Settles when an embedded server has ended; never for another. */
  readonly exited: Promise<unknown>;
  restart(): Promise<void>;
  /** Stops an embedded server; leaves another alone. */
  stop(): Promise<void>;
}

const NATS_PORT = 4222;

/** A running server, or an embedded one: on NATS's own port if that is free, so that other tools find it. */
export async function serverFor(url: string | undefined, dataDir: string): Promise<UpServer> {
  if (url !== undefined)
    return {
      url,
      monitoringUrl: undefined,
      exited: new Promise(() => {}),
      restart: async () => {},
      stop: async () => {},
    };
  const server = await embedded(dataDir);
  return {
    url: server.url,
    monitoringUrl: server.monitoringUrl,
    get exited() {
      return server.exited;
    },
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

async function embedded(dataDir: string): Promise<NatsServer> {
  const options = {
    storeDir: dataDir,
    log: join(dataDir, "logs", "nats-server.log"),
    monitoring: true,
  };
  const port = await portOrAny(NATS_PORT);
  try {
    return await startServer({ ...options, port });
  } catch (error) {
    const lost =
      error instanceof NatsServerError && error.code === "MAPEK_NATS_SERVER_START_FAILED";
    // Somebody else may have been quicker to take the port.
    if (port === 0 || !lost || (await portOrAny(NATS_PORT)) !== 0) throw error;
    return await startServer({ ...options, port: 0 });
  }
}

/** The address without credentials, as it may be printed. */
export const withoutCredentials = (url: string): string => url.replace(/\/\/[^@/,]*@/g, "//");
