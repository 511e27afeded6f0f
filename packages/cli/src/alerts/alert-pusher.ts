import type { MapekClient } from "@mapek/client";
import type { Incident } from "./alert.ts";
import { AlertBook } from "./alert-book.ts";
import type { Alertmanager } from "./alertmanager.ts";

export interface AlertPusherOptions {
  readonly client: MapekClient;
  readonly managers: readonly Alertmanager[];
  /** Of this system only; undefined: of all. */
  readonly system: string | undefined;
  /** Labels that every alert gets. */
  readonly labels: Readonly<Record<string, string>>;
  /** Milliseconds after which open incidents are told again. */
  readonly resendMs: number;
  /** Told of what went wrong; it is tried again. */
  readonly onError: (error: Error) => void;
  /** Told how many are open and how many have ended after each push that all took. */
  readonly onPushed: (open: number, ended: number) => void;
}

/** A series as the learner's `series` verb tells of it, while an anomaly is open. */
type Anomalous = Pick<Incident, "system" | "metric" | "labels"> & { open_anomaly: Incident };

/** Incidents that come together are told together. */
const GATHER_MS = 200;
/** Without news for so many resends an alert ends by itself. */
const RESENDS_OF_LIFE = 4;

/**
 * Tells Alertmanagers of incidents: when they open, peak and close, and open ones again and again, as Alertmanager expects. What
 * happened while the connection was lost is asked for. Several processes may do the same: equal alerts are one.
 */
export class AlertPusher {
  readonly #options: AlertPusherOptions;
  readonly #book: AlertBook;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer ends, ms of this process. */
  #dueAt = Number.POSITIVE_INFINITY;
  readonly #pushing = new Set<Promise<void>>();
  #stopped = false;

  constructor(options: AlertPusherOptions) {
    this.#options = options;
    this.#book = new AlertBook(options.labels);
  }

  /** Begins with what is open now. @throws What asking the learner throws. */
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

  /** Pushes what is known a last time. */
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
   * The sooner of two times counts: neither what comes all the time nor an Alertmanager that is slow to answer may hold up what
   * has happened.
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
