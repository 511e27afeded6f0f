import { address } from "./api.ts";

export type LiveState = "connecting" | "live" | "reconnecting" | "no server";

/** An output of the house. */
export interface Output {
  readonly family: string;
  readonly message: Readonly<Record<string, unknown>>;
}

const EVENTS = ["systems", "system", "rows", "series", "samples", "output"] as const;
export type LiveEvent = (typeof EVENTS)[number];

/** Silence, without even a `beat`, after which the stream is opened anew. */
const SILENT_MS = 5_000;
const RETRY_MS = 1_000;

/**
 * The live stream of the events that a page watches. The stream reconnects by itself after the console or the NATS server
 * was away, and then calls `onBack`, so that the page reads what it missed.
 */
export class LiveStream {
  readonly #onEvent: (event: LiveEvent, data: unknown) => void;
  readonly #onState: (state: LiveState) => void;
  readonly #onBack: () => void;
  #source: EventSource | undefined;
  #query: Readonly<Record<string, string>> | undefined;
  #lastBeat = 0;
  #state: LiveState = "connecting";
  #wasAway = false;

  constructor(
    onEvent: (event: LiveEvent, data: unknown) => void,
    onState: (state: LiveState) => void,
    onBack: () => void,
  ) {
    this.#onEvent = onEvent;
    this.#onState = onState;
    this.#onBack = onBack;
    setInterval(() => this.#check(), RETRY_MS);
  }

  /** Replaces the watched query; undefined watches nothing. */
  watch(query: Readonly<Record<string, string>> | undefined): void {
    this.#query = query;
    this.#open();
  }

  #open(): void {
    this.#source?.close();
    this.#source = undefined;
    if (this.#query === undefined) return;
    const source = new EventSource(address("/events", this.#query));
    this.#source = source;
    this.#lastBeat = performance.now();
    const on = (event: string, take: (data: unknown) => void) =>
      source.addEventListener(event, (message) => {
        if (source === this.#source) take(JSON.parse((message as MessageEvent<string>).data));
      });
    source.addEventListener("error", () => {
      if (source === this.#source) this.#become("reconnecting");
    });
    on("beat", () => {
      this.#lastBeat = performance.now();
    });
    on("status", (data) => {
      const { connected } = data as { connected: boolean };
      this.#become(connected ? "live" : "no server");
    });
    for (const event of EVENTS) on(event, (data) => this.#onEvent(event, data));
  }

  /** Opens the stream again where it is closed or silent: a browser does not retry after some failures, and does not notice silence. */
  #check(): void {
    if (this.#source === undefined) return;
    const isSilent = performance.now() - this.#lastBeat > SILENT_MS;
    if (isSilent) this.#become("reconnecting");
    if (isSilent || this.#source.readyState === EventSource.CLOSED) this.#open();
  }

  #become(state: LiveState): void {
    if (state !== "live") this.#wasAway = true;
    else if (this.#wasAway) {
      this.#wasAway = false;
      this.#onBack();
    }
    if (state === this.#state) return;
    this.#state = state;
    this.#onState(state);
  }
}
