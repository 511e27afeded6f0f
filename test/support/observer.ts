import { OUTPUT_FAMILIES } from "@mapek/core/contract";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { ANSWER_MS } from "./wait-for.ts";

/** A message that a plain subscriber saw. */
export interface Seen {
  readonly subject: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every family
  readonly body: any;
}

/** A plain NATS client of the outside: sees every public output, publishes as `nats pub` does. */
export class Observer implements AsyncDisposable {
  readonly nc: NatsConnection;
  readonly seen: Seen[] = [];

  static async connect(url: string): Promise<Observer> {
    const observer = new Observer(await connect({ servers: url }));
    await observer.nc.flush();
    return observer;
  }

  private constructor(nc: NatsConnection) {
    this.nc = nc;
    for (const family of OUTPUT_FAMILIES)
      nc.subscribe(`mapek.${family}.>`, {
        callback: (_error, message) => {
          this.seen.push({ subject: message.subject, body: message.json() });
        },
      });
  }

  /** What came on a subject so far. */
  on(subject: string): Seen["body"][] {
    return this.seen.filter((one) => one.subject === subject).map(({ body }) => body);
  }

  publish(subject: string, body: unknown): void {
    this.nc.publish(subject, typeof body === "string" ? body : JSON.stringify(body));
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers are of many shapes
  async request(subject: string, body: unknown = {}, timeout = ANSWER_MS): Promise<any> {
    const answer = await this.nc.request(
      subject,
      typeof body === "string" ? body : JSON.stringify(body),
      { timeout },
    );
    return answer.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nc.close();
  }
}
