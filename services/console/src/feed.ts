import { randomUUID } from "node:crypto";
import { type MapekClient, OUTPUT_NAMES, type OutputName } from "@mapek/client";
import { appendBounded } from "@mapek/core/forget-oldest";

/** An output of the house, as live pages get it. */
export interface FeedEvent {
  /** Increases by one with each event of this process. */
  readonly number: number;
  readonly family: OutputName;
  readonly message: { readonly system: string };
}

/** Number of outputs kept for pages that reconnect. */
const REMEMBERED = 1_000;

/** Every output of the house from now on, numbered; the last 1,000 are remembered. */
export class Feed {
  /** Random id of this process, a part of event ids: numbers of another process mean nothing here. */
  readonly id = randomUUID().slice(0, 8);
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  readonly #recent: FeedEvent[] = [];
  #number = 0;

  /** Subscribes to all families; resolves once the server has the subscriptions. */
  async start(client: MapekClient): Promise<void> {
    for (const family of OUTPUT_NAMES)
      client.on(family, {}, (message) => this.#add(family, message));
    await client.connection.flush();
  }

  /** Calls `listener` for each new event. @returns Ends the calls. */
  listen(listener: (event: FeedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The kept events after the event id `<feed>-<number>`; none where the id is of another process. */
  since(eventId: string): readonly FeedEvent[] {
    const [id, number] = eventId.split("-");
    return id === this.id ? this.#recent.filter((event) => event.number > Number(number)) : [];
  }

  #add(family: OutputName, message: FeedEvent["message"]): void {
    const event = { number: ++this.#number, family, message };
    appendBounded(this.#recent, event, REMEMBERED);
    for (const listener of this.#listeners) listener(event);
  }
}
