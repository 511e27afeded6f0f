import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";

/** `port` where a server can listen on it now, else 0, which means any free one. */
export const portOrAny = async (port: number, host = LOOPBACK): Promise<number> =>
  (await refusal(port, host)) === undefined ? port : 0;

/** Whether another process listens there. False for other errors, which the server itself reports when it starts. */
export const isTaken = async (port: number, host = LOOPBACK): Promise<boolean> =>
  (await refusal(port, host)) === "EADDRINUSE";

/** Code of the error that keeps a server from listening there; undefined where it can listen. */
function refusal(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
