import { createServer } from "node:net";

/** The port where it is free on loopback, else 0: any free one. */
export function portOrAny(port: number): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(0));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () =>
      server.close(() => resolve(port)),
    );
  });
}
