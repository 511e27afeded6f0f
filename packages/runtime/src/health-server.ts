import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
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

/** The health endpoint of a running process. */
export interface HealthServer {
  /** Where it listens; loopback where it listens everywhere. */
  readonly url: string;
  /** Ends it, open connections included. */
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz` and `/readyz`; 503 where the answer is no.
 *
 * Three answers need no framework; loading one was a tenth of every service's start.
 *
 * @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const probe = (yes: () => boolean) => async (response: ServerResponse) => {
    const good = yes();
    const status = good ? (options.condition() ?? "ok") : "unavailable";
    answer(response, good ? 200 : 503, JSON.stringify({ status, ...options.details() }));
  };
  const pages: Readonly<Record<string, (response: ServerResponse) => Promise<void>>> = {
    "/healthz": probe(options.healthy),
    "/readyz": probe(options.ready),
    "/metrics": async (response) => {
      options.beforeMetrics();
      answer(response, 200, await options.registry.metrics(), options.registry.contentType);
    },
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0] ?? "";
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (page === undefined || !isRead) return answer(response, 404, '{"status":"not found"}');
    page(response).catch((error: unknown) =>
      answer(response, 500, JSON.stringify({ status: "failed", error: String(error) })),
    );
  });
  await listening(server, options);
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(
  response: ServerResponse,
  status: number,
  body: string,
  type = "application/json; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function listening(server: Server, { host, port }: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const text = `${host}:${port}; set http.port, 0 takes a free one`;
      const inUse = cause.code === "EADDRINUSE";
      reject(inUse ? new RuntimeError("MAPEK_HTTP_PORT_IN_USE", text, { cause }) : cause);
    });
    server.listen({ host, port }, resolve);
  });
}

function urlOf({ address, family, port }: AddressInfo): string {
  const everywhere = address === "0.0.0.0" || address === "::";
  const host = everywhere ? "127.0.0.1" : family === "IPv6" ? `[${address}]` : address;
  return `http://${host}:${port}`;
}
