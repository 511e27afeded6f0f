import { connect, type NatsConnection } from "@nats-io/transport-node";

const RECONNECT = { maxReconnectAttempts: -1, reconnectTimeWait: 100 };

/**
 * Plain subscribers, one a server: when did an output arrive at any of them? That of a server that is
 * killed reconnects elsewhere; the others see what comes meanwhile.
 */
export class OutputWatch implements AsyncDisposable {
  readonly #connections: readonly NatsConnection[];
  readonly #arrivals = new Map<string, number[]>();

  static async start(urls: readonly string[]): Promise<OutputWatch> {
    const connections = urls.map((url) =>
      connect({ servers: [url, ...urls], noRandomize: true, ...RECONNECT }),
    );
    return new OutputWatch(await Promise.all(connections));
  }

  private constructor(connections: readonly NatsConnection[]) {
    this.#connections = connections;
    for (const nc of connections)
      nc.subscribe("mapek.>", {
        callback: (_error, { subject, data }) => {
          const [, family = "", system = "", loop] = subject.split(".");
          const keys = [family, `${family}.${system}`];
          if (family === "actions") keys.push(`${loop} ${statusOf(data)}`);
          for (const key of keys) {
            const times = this.#arrivals.get(key);
            if (times === undefined) this.#arrivals.set(key, [performance.now()]);
            else times.push(performance.now());
          }
        },
      });
  }

  /** Whether an output of one of the families (`family.system`, actions also `loop status`) came after a time (ms of the process's clock). */
  hasSince(families: readonly string[], since: number): boolean {
    return families.some((family) => (this.#arrivals.get(family)?.at(-1) ?? 0) > since);
  }

  /** The longest time without an output of these families between two times, ms. */
  longestGapMs(families: readonly string[], from: number, to: number): number {
    const times = families
      .flatMap((family) => this.#arrivals.get(family) ?? [])
      .filter((time) => time > from && time < to)
      .sort((a, b) => a - b);
    return [...times, to].reduce(
      ({ gap, last }, time) => ({ gap: Math.max(gap, time - last), last: time }),
      { gap: 0, last: from },
    ).gap;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#connections.map((nc) => nc.close()));
  }
}

const statusOf = (action: Uint8Array): string =>
  (JSON.parse(new TextDecoder().decode(action)) as { status: string }).status;
