import type { MapekClient } from "@mapek/client";
import type { Incident } from "./alert.ts";
import { AlertBook } from "./alert-book.ts";
import type { Alertmanager } from "./alertmanager.ts";

export interface AlertPusherOptions {
  readonly client: MapekClient;
  readonly managers: readonly Alertmanager[];
  /** Push alerts of this system only; undefined: of all systems. */
  readonly system: string | undefined;
  /** Labels that every alert gets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds after which open incidents are pushed again. */
  readonly resendMs: number;
  /** Called with an error; the failed work is tried again. */
  readonly onError: (error: Error) => void;
  /** Called with the numbers of open and ended incidents after each push that all Alertmanagers accepted. */
  readonly onPushed: (open: number, ended: number) => void;
}

/** An answer of the learner's `series` verb for a series with an open anomaly. */
type Anomalous = Pick<Incident, "system" | "metric" | "labels"> & { open_anomaly: Incident };

/** Delay after an incident's message, so that incidents that open together are pushed together. */
const GATHER_MS = 200;
/** Lifetime of a pushed alert in resend intervals: if this process dies, Alertmanager ends the alert after this time. */
const RESENDS_OF_LIFE = 4;

/**
 * Pushes incidents to Alertmanagers when they open, peak and close, and open ones repeatedly, as Alertmanager expects.
 * After a reconnect the open incidents are read from the learner. Several processes may push at the same time:
 * Alertmanager takes alerts with equal labels for one.
 */
export class AlertPusher {
  readonly #options: AlertPusherOptions;
  readonly #book: AlertBook;
  #timer: NodeJS.Timeout | undefined;
  /** Time of the next push, in ms of `performance.now()`. */
  #dueAt = Number.POSITIVE_INFINITY;
  readonly #pushing = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: AlertPusherOptions) {
    this.#options = options;
    this.#book = new AlertBook(options.labels);
  }

  /** Begins with the incidents that are open now. Throws as the client's requests do. */
  async start(): Promise<void> {
    const { client, system } = this.#options;
    client.onAnomaly({ system }, (anomaly) => {
      this.#book.take(anomaly);
      this.#schedule(GATHER_MS);
    });
    await client.connection.flush();
    await this.#sync();
    this.#schedule(0);
    void this.#watchConnection();
  }

  /** Stops after a last push. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#pushing);
    await this.#push();
  }

  async #sync(): Promise<void> {
    const { client, system } = this.#options;
    const asOf = Date.now();
    const body = { anomalous: true };
    const found = (await client.request("learner", "series", system, body)) as Anomalous[];
    this.#book.replace(
      found.map((series) => ({ ...series, ...series.open_anomaly })),
      asOf,
    );
  }

  async #watchConnection(): Promise<void> {
    for await (const { type } of this.#options.client.connection.status())
      if (type === "reconnect" && !this.#stopped)
        await this.#sync().then(() => this.#schedule(0), this.#options.onError);
  }

  /**
   * Plans a push; the earlier of two planned times counts. A constant flow of messages can therefore not postpone a
   * push for ever, and a push does not wait for a slow Alertmanager.
   */
  #schedule(ms: number): void {
    const dueAt = performance.now() + ms;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#schedule(this.#options.resendMs);
      const pushing = this.#push().finally(() => this.#pushing.delete(pushing));
      this.#pushing.add(pushing);
    }, ms);
  }

  async #push(): Promise<void> {
    const { managers, resendMs, onError, onPushed } = this.#options;
    const open = this.#book.open(Date.now() + RESENDS_OF_LIFE * resendMs);
    const ended = this.#book.takeEnded();
    const outcomes = await Promise.allSettled(managers.map((one) => one.push(open, ended)));
    for (const [i, outcome] of outcomes.entries())
      if (outcome.status === "rejected")
        onError(new Error(`${managers[i]?.name}: ${(outcome.reason as Error).message}`));
    if (outcomes.every(({ status }) => status === "fulfilled")) onPushed(open.length, ended.length);
  }
}
