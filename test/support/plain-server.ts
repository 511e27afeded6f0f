import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { findServer } from "@mapek/nats-server";

/** A server without JetStream, which the package of servers never starts. */
export async function startPlainServer(): Promise<{ url: string } & AsyncDisposable> {
  const { path } = await findServer();
  const child = spawn(path, ["-a", "127.0.0.1", "-p", "-1"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(child, "exit");
  let log = "";
  const port = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      log += part;
      const found = /client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
      if (found !== undefined && log.includes("Server is ready")) resolve(found);
    });
    exited.then(() => reject(new Error(log)));
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** The way to a server that says of itself that it has another version. */
export async function startAgeingProxy(
  server: { port: number; version: string },
  version: string,
): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const upstream = connect(server.port, "127.0.0.1");
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
    client.pipe(upstream);
    // The server says its version more than once, and small enough messages are never cut in two here.
    upstream.on("data", (part: Buffer) => {
      client.write(
        part.toString("latin1").replace(`"version":"${server.version}"`, `"version":"${version}"`),
        "latin1",
      );
    });
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      proxy.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
