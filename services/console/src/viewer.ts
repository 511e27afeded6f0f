import type { ServerResponse } from "node:http";

/** Bytes that may wait for a viewer before it is dropped. */
const MOST_WAITING_BYTES = 1_048_576;
/** After this a browser whose stream has ended comes back. */
const RETRY_MS = 1_000;

/** One live page: a stream of server-sent events. A viewer that does not keep up is dropped, not waited for. */
export class Viewer {
  readonly #response: ServerResponse;
  readonly #onDropped: () => void;
  readonly #sent = new Map<string, string>();
  #isOpen = true;

  constructor(response: ServerResponse, onDropped: () => void) {
    this.#response = response;
    this.#onDropped = onDropped;
    response.on("close", () => {
      this.#isOpen = false;
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** @param id What the browser names when it comes back. */
  send(event: string, data: unknown, id?: string): void {
    this.#write(event, JSON.stringify(data), id);
  }

  /** Sends only what differs from what was sent of this event before. */
  sendChanged(event: string, data: unknown): void {
    const text = JSON.stringify(data);
    if (this.#sent.get(event) === text) return;
    this.#sent.set(event, text);
    this.#write(event, text);
  }

  end(): void {
    if (this.#isOpen) this.#response.end();
  }

  #write(event: string, text: string, id?: string): void {
    if (!this.#isOpen) return;
    if (this.#response.writableLength > MOST_WAITING_BYTES) {
      this.#isOpen = false;
      this.#response.destroy();
      this.#onDropped();
      return;
    }
    this.#response.write(
      `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${text}\n\n`,
    );
  }
}
