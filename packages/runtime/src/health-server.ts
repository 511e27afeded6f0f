import fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { RuntimeError } from "./errors.ts";

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly registry: Registry;
  /** Figures that are read when somebody asks for metrics. */
  readonly beforeMetrics: () => void;
  /** Alive: the process can still do its work, or get back to it. */
  readonly healthy: () => boolean;
  /** Ready: it does its work now. */
  readonly ready: () => boolean;
  /** The status of a process that is well, where "ok" does not say enough. */
  readonly condition: () => string | undefined;
  /** Shown beside both answers. */
  readonly details: () => object;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz`; 503 where the answer is no.
 *
 * @returns The server and the URL at which it listens.
 * @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE
 */
export async function startHealthServer(
  options: HealthServerOptions,
): Promise<{ server: FastifyInstance; url: string }> {
  const server = fastify({ forceCloseConnections: true });
  server.get("/metrics", async (_request, reply) => {
    options.beforeMetrics();
    return reply.type(options.registry.contentType).send(await options.registry.metrics());
  });
  const probe = (path: string, yes: () => boolean) =>
    server.get(path, async (_request, reply) => {
      const good = yes();
      return reply.code(good ? 200 : 503).send({
        status: good ? (options.condition() ?? "ok") : "unavailable",
        ...options.details(),
      });
    });
  probe("/healthz", options.healthy);
  probe("/readyz", options.ready);
  try {
    return { server, url: await server.listen({ host: options.host, port: options.port }) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new RuntimeError(
      "MAPEK_HTTP_PORT_IN_USE",
      `${options.host}:${options.port}; set http.port, 0 takes a free one`,
      { cause },
    );
  }
}
