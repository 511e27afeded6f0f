import type { MapekClient, OutputName } from "@mapek/client";

/** A line of `mapek up` where there is no terminal. */
export type UpEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** Families that are printed, and what their events are called. */
const EVENTS = {
  recommendations: "recommendation",
  thresholds: "threshold",
  anomalies: "anomaly",
  transitions: "transition",
  parameters: "parameters",
  actions: "action",
} as const satisfies Partial<Record<OutputName, string>>;

/** Most events that wait for the ready line. */
const MOST_WAITING = 10_000;

/** Prints events as JSON lines: the ready line first, what came before it right after. */
export class EventLines {
  readonly #print: (line: string) => void;
  #waiting: UpEvent[] | undefined = [];

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  add(event: UpEvent): void {
    if (this.#waiting === undefined) this.#print(JSON.stringify(event));
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(event);
  }

  ready(event: UpEvent): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const line of [event, ...waiting]) this.add(line);
  }
}

/** Subscribes to all outputs that are events; resolves when the server knows of it. */
export async function subscribeToEvents(
  client: MapekClient,
  add: (event: UpEvent) => void,
): Promise<void> {
  for (const [name, event] of Object.entries(EVENTS))
    client.on(name as OutputName, {}, (message) => add({ event, ...message }));
  await client.connection.flush();
}
