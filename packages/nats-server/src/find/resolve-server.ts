import { type FindServerOptions, type FoundServer, findServer } from "./find-server.ts";

/** Either a running server or a program to start. */
export type ResolvedServer = { type: "running"; url: string } | ({ type: "program" } & FoundServer);

/**
 * Decides which server to use: the one at `NATS_URL`, else a program from {@link findServer}. The server at `NATS_URL`
 * is not contacted here. An empty `NATS_URL` counts as unset.
 *
 * @throws {NatsServerError} MAPEK_NATS_SERVER_BAD_BINARY, MAPEK_NATS_SERVER_NOT_FOUND as findServer.
 */
export async function resolveServer(options: FindServerOptions = {}): Promise<ResolvedServer> {
  const url = (options.env ?? process.env).NATS_URL ?? "";
  if (url !== "") return { type: "running", url };
  return { type: "program", ...(await findServer(options)) };
}
