import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The network between a service and its server: it can be cut, and it can swallow what is sent. */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #state: "open" | "cut" | "stalled" = "open";

  /** @param port Of the server behind it, on this machine. */
  static async start(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  private constructor(port: number) {
    this.#server = createServer((client) => {
      if (this.#state === "cut") {
        client.destroy();
        return;
      }
      const upstream = connect(port, "127.0.0.1");
      const pair = [client, upstream] as const;
      this.#pairs.add(pair);
      for (const [from, to] of [pair, [upstream, client] as const]) {
        from.on("error", () => {});
        from.on("close", () => {
          to.destroy();
          this.#pairs.delete(pair);
        });
        from.pipe(to);
      }
      if (this.#state === "stalled") this.#hold(pair);
    });
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection and refuses new ones. */
  cut(): void {
    this.#state = "cut";
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  /** Nothing arrives any more, in neither direction, and nobody is told. */
  stall(): void {
    this.#state = "stalled";
    for (const pair of this.#pairs) this.#hold(pair);
  }

  /** Connections that were stalled go on with what was held; new ones are let through. May be called again. */
  heal(): void {
    const wasStalled = this.#state === "stalled";
    this.#state = "open";
    // A second pipe beside a first would send everything twice.
    if (!wasStalled) return;
    for (const [client, upstream] of this.#pairs) {
      client.pipe(upstream);
      upstream.pipe(client);
    }
  }

  #hold([client, upstream]: readonly [Socket, Socket]): void {
    for (const socket of [client, upstream]) {
      socket.unpipe();
      socket.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }
}
