import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";

/** The port where a server can listen on it now, else 0: any free one. */
export const portOrAny = async (port: number, host = LOOPBACK): Promise<number> =>
  (await refusal(port, host)) === undefined ? port : 0;

/** Whether somebody listens there. What else keeps a server from listening is for that server to say. */
export const isTaken = async (port: number, host = LOOPBACK): Promise<boolean> =>
  (await refusal(port, host)) === "EADDRINUSE";

/** The code of the error that keeps a server from listening there. */
function refusal(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
