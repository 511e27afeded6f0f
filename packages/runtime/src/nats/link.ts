import type { NatsConnection } from "@nats-io/transport-node";

const CHECK_MS = 50;

const links = new WeakMap<NatsConnection, Link>();

/** The one `Link` of a connection. */
export function linkOf(nc: NatsConnection): Link {
  let link = links.get(nc);
  if (link === undefined) {
    link = new Link(nc);
    links.set(nc, link);
  }
  return link;
}

/**
 * Tells whether a connection has a server at its other end.
 *
 * Without it a request on a lost connection would wait for its whole timeout: the client drops messages while it is
 * disconnected and reports nothing before that.
 */
export class Link {
  #connected = true;
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #listeners = new Set<() => void>();

  constructor(nc: NatsConnection) {
    void this.#watch(nc);
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Runs a request; rejects as soon as the connection is lost, since no answer can come any more. */
  answer<T>(request: () => Promise<T>): Promise<T> {
    if (!this.#connected) return Promise.reject(new Error("there is no connection"));
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      request()
        .then(resolve, reject)
        .finally(() => this.#waiting.delete(reject));
    });
  }

  /** Calls `listener` each time the connection is lost, until the returned function is called. */
  onLost(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the connection is there, or when `givenUp` returns true. */
  async restored(givenUp: () => boolean): Promise<void> {
    while (!this.#connected && !givenUp())
      await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
  }

  async #watch(nc: NatsConnection): Promise<void> {
    for await (const { type } of nc.status()) {
      if (type === "disconnect") this.#lost();
      if (type === "reconnect") this.#connected = true;
    }
    this.#lost();
  }

  #lost(): void {
    this.#connected = false;
    for (const reject of this.#waiting) reject(new Error("the connection was lost"));
    this.#waiting.clear();
    for (const listener of this.#listeners) listener();
  }
}
