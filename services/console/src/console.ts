import { ClientError, type MapekClient } from "@mapek/client";
import { type Anomaly, MessageError } from "@mapek/core/contract";
import { type Config, type Logger, linkOf } from "@mapek/runtime";
import { DEFAULT_PORTS } from "@mapek/runtime/default-ports";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { Access, KnownNames } from "./access.ts";
import { actionRoutes } from "./action-routes.ts";
import { readAssets } from "./assets.ts";
import { ConsoleError } from "./errors.ts";
import { Feed } from "./feed.ts";
import { Live } from "./live.ts";
import { checked, watchQuery } from "./queries.ts";
import { readRoutes } from "./read-routes.ts";
import { SeriesIndex } from "./series/series-index.ts";
import { Systems } from "./series/systems.ts";

export interface ConsoleOptions {
  readonly client: MapekClient;
  readonly settings: Config["console"];
  /** Number of partitions, the same as the services'. */
  readonly partitions: number;
  readonly log: Logger;
}

const MOST_BODY_BYTES = 65_536;

/** Headers of every answer: a page may load nothing from other origins, run nothing inline and stand in no frame. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/**
 * Starts the console: pages, their JSON and their live streams on one port.
 *
 * @returns The URL, and `close`, which stops the console and closes the client.
 * @throws {ConsoleError} MAPEK_CONSOLE_PORT_IN_USE
 */
export async function startConsole(
  options: ConsoleOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { client, settings, log } = options;
  const link = linkOf(client.connection);
  const index = new SeriesIndex(client, link, options.partitions, (error) =>
    log.warn({ err: error }, "the learner does not tell of its series"),
  );
  const feed = new Feed();
  feed.listen(({ family, message }) => {
    if (family === "anomalies") index.hear(message as Anomaly);
  });
  const systems = new Systems(client, index, feed);
  const live = new Live({
    ...{ client, link, feed, index, systems },
    onDropped: () => log.warn("a live page did not keep up and was dropped"),
  });
  // After a failed read the index goes on without viewers: /healthz must report when the learner answers again.
  const wanted = () => link.connected && (live.viewers > 0 || index.problem !== undefined);
  await feed.start(client);
  await Promise.all([index.start(wanted), systems.start()]);
  void rereadAfterReconnects(client, systems);

  const server = fastify({ forceCloseConnections: true, bodyLimit: MOST_BODY_BYTES });
  const names = new KnownNames(settings.host, settings.names);
  server.addHook("onRequest", async ({ headers }, reply) => {
    reply.headers(HEADERS);
    names.require(headers.host);
  });
  server.setErrorHandler((error, _request, reply) => refuse(reply, error, log));
  server.setNotFoundHandler((request, reply) =>
    refuse(reply, new ConsoleError("MAPEK_CONSOLE_NOT_FOUND", request.url.slice(0, 200)), log),
  );
  assetRoutes(server);
  readRoutes(server, { client, index, systems });
  actionRoutes(server, {
    client,
    access: new Access(settings.token),
    onAction: (what, about) => log.info({ what, about }, "an operator acted"),
  });
  const condition = () => (index.problem === undefined ? "ok" : "learner_silent");
  const probe = (path: string, yes: () => boolean) =>
    server.get(path, (_request, reply) => {
      const good = yes();
      return reply.code(good ? 200 : 503).send({
        status: good ? condition() : "unavailable",
        ...{ service: "console", series: index.size, viewers: live.viewers, dropped: live.dropped },
      });
    });
  probe("/healthz", () => !client.connection.isClosed());
  probe("/readyz", () => link.connected);
  server.get("/events", (request, reply) => {
    const query = checked(watchQuery, request.query);
    const last = request.headers["last-event-id"];
    live.requireRoom();
    reply.hijack();
    reply.raw.writeHead(200, { ...HEADERS, "content-type": "text/event-stream" });
    live.open(reply.raw, query, typeof last === "string" ? last : undefined);
  });
  const url = await listen(server, settings);
  return {
    url,
    async close() {
      index.stop();
      systems.stop();
      live.close();
      await server.close();
      await client.close();
    },
  };
}

async function listen(server: FastifyInstance, settings: Config["console"]): Promise<string> {
  const { host, port = DEFAULT_PORTS.console } = settings;
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new ConsoleError(
      "MAPEK_CONSOLE_PORT_IN_USE",
      `${host}:${port}; set console.port, 0 takes a free one`,
      { cause },
    );
  }
}

function assetRoutes(server: FastifyInstance): void {
  for (const [path, asset] of readAssets())
    server.get(path, (_request, reply) => reply.type(asset.type).send(asset.body));
}

/** Answers with the error's code. The cause of a status 500 is only logged, not shown to users. */
function refuse(reply: FastifyReply, error: unknown, log: Logger): void {
  const { status, code, message } = described(error);
  if (status === 500) log.error({ err: error }, "a request failed");
  reply.code(status).send({ error: { code, message } });
}

function described(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof ConsoleError)
    return { status: error.status, code: error.code, message: error.message };
  if (error instanceof MessageError || error instanceof ClientError)
    return {
      status: error.consequence === "retry" ? 503 : 422,
      code: error.code,
      message: error.message,
    };
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  return statusCode < 500
    ? { status: statusCode, code: "MAPEK_CONSOLE_BAD_REQUEST", message }
    : { status: 500, code: "MAPEK_INTERNAL", message: "a fault of ours" };
}

/** Reads the systems again after each reconnect: outputs of the time without connection are lost. */
async function rereadAfterReconnects(client: MapekClient, systems: Systems): Promise<void> {
  for await (const { type } of client.connection.status())
    if (type === "reconnect") await systems.start();
}
