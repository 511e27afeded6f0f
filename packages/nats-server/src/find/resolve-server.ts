import { type FindServerOptions, type FoundServer, findServer } from "./find-server.ts";

/** Either a server that runs already, or a program to start. */
export type ResolvedServer = { type: "running"; url: string } | ({ type: "program" } & FoundServer);

/**
 * The whole order: `NATS_URL` (a running server, taken as it stands, not contacted here), then
 * {@link findServer}. An empty `NATS_URL` counts as unset.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_BAD_BINARY, MAPEK_NATS_SERVER_NOT_FOUND as findServer.
 */
export async function resolveServer(options: FindServerOptions = {}): Promise<ResolvedServer> {
  const url = (options.env ?? process.env).NATS_URL ?? "";
  if (url !== "") return { type: "running", url };
  return { type: "program", ...(await findServer(options)) };
}
