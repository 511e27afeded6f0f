import type { ServerResponse } from "node:http";

/** Number of unsent bytes beyond which a viewer is dropped. */
const MOST_WAITING_BYTES = 1_048_576;
/** Delay after which a browser reconnects an ended stream (`retry:` of server-sent events). */
const RETRY_MS = 1_000;

/** One live page: a stream of server-sent events. A viewer that does not keep up is dropped, so that it holds no memory. */
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

  /** @param id Event id, which the browser sends as `Last-Event-ID` when it reconnects. */
  send(event: string, data: unknown, id?: string): void {
    this.#write(event, JSON.stringify(data), id);
  }

  /** Sends an event only where its data differs from the last data sent under this name. */
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
