import { randomInt } from "node:crypto";
import { createServer } from "node:net";

// Below the ephemeral ports of Linux, macOS and Windows. An outgoing connection could take such a port while a server
// restarts, even a connection attempt to that very server.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/**
 * A port that was free a moment ago and that no outgoing connection gets.
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

/** True where a server could listen on the port now. */
export function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
