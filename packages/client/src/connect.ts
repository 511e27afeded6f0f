import { connect as dial, type NatsConnection } from "@nats-io/transport-node";
import { MapekClient } from "./client.ts";
import { type ConnectOptions, natsOptions, serversOf } from "./connection-options.ts";
import { ClientError } from "./errors.ts";

/**
 * Connects to a NATS server. The connection reconnects for ever.
 *
 * @throws {ClientError} MAPEK_CLIENT_UNREACHABLE, MAPEK_CLIENT_BAD_OPTION.
 *
 * @example
 * ```ts
 * import assert from "node:assert";
 * import { connect } from "@mapek/client";
 *
 * const client = await connect({ servers: process.env.NATS_URL });
 * await client.publish("shop", "latency", 12.5, { acknowledge: true });
 * const [series] = await client.series("shop");
 * assert.equal(series?.metric, "latency");
 * await client.close();
 * ```
 */
export async function connect(options: ConnectOptions = {}): Promise<MapekClient> {
  let nc: NatsConnection;
  try {
    nc = await dial(natsOptions(options));
  } catch (cause) {
    const address = serversOf(options)
      .join(",")
      .replace(/\/\/[^@/,]*@/g, "//…@");
    throw new ClientError("MAPEK_CLIENT_UNREACHABLE", `${address}: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    return new MapekClient(nc, options);
  } catch (error) {
    await nc.close();
    throw error;
  }
}
