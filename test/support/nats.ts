import {
  type NatsCluster,
  type NatsServer,
  type StartServerOptions,
  startCluster,
  startServer,
} from "@mapek/nats-server";
import { STUCK_MS } from "./wait-for.ts";

/**
 * A private server for one test file or test: free port, temporary store, gone at the block's end.
 *
 * Usage: `await using server = await startTestServer();`
 *
 * A machine on which no server can be found or fetched fails the test; it is never skipped.
 */
export async function startTestServer(options: StartServerOptions = {}): Promise<NatsServer> {
  return await startServer({ startTimeoutMs: STUCK_MS, ...options });
}

/** A private cluster of three servers, likewise. */
export async function startTestCluster(): Promise<NatsCluster> {
  return await startCluster({ startTimeoutMs: STUCK_MS });
}
