import type { MapekClient, OutputName } from "@mapek/client";

/** A JSON line of `mapek up` without a terminal. */
export type UpEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

/** Printed families, with the names of their events. */
const EVENTS = {
  recommendations: "recommendation",
  thresholds: "threshold",
  anomalies: "anomaly",
  transitions: "transition",
  parameters: "parameters",
  actions: "action",
} as const satisfies Partial<Record<OutputName, string>>;

/** Limit of events that wait for the ready line; further ones are dropped. */
const MOST_WAITING = 10_000;

/** Prints events as JSON lines. The ready line comes first; earlier events wait and follow it. */
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

/** Subscribes to all printed outputs; resolves once the server has the subscriptions. */
export async function subscribeToEvents(
  client: MapekClient,
  add: (event: UpEvent) => void,
): Promise<void> {
  for (const [name, event] of Object.entries(EVENTS))
    client.on(name as OutputName, {}, (message) => add({ event, ...message }));
  await client.connection.flush();
}
