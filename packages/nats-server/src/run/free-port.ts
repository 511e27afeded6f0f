import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below what Linux, macOS and Windows hand out to outgoing connections: a port from their range
// could be taken by a client, even by one that tries to reach the very server that restarts.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/**
 * A port that was free a moment ago and that no outgoing connection will be given.
 *
 * @throws {Error} When 100 random ports were all taken.
 */
export async function freePort(host: string): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (await isFree(host, port)) return port;
  }
  throw new Error(`found no free port between ${FIRST_PORT} and ${LAST_PORT} on ${host}`);
}

/** Whether a server could listen there now. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
