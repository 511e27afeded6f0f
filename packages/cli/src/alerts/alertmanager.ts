import type { Alert } from "./alert.ts";

const TIMEOUT_MS = 10_000;
/** Alerts of one request. */
const MOST_ALERTS = 1_000;
/** Ended alerts that wait for an Alertmanager that is away; it forgets open ones by itself. */
const MOST_WAITING = 10_000;

/** One Alertmanager. Several that share their work are told the same. */
export class Alertmanager {
  readonly #address: URL;
  #waiting: Alert[] = [];
  #open: readonly Alert[] = [];
  /** One request after another: what is said last must be what holds. */
  #sending: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param url Such as `http://alertmanager:9093`, with a path where it has one. @throws {TypeError} For a text that is no URL. */
  constructor(url: string) {
    this.#address = new URL("api/v2/alerts", url.endsWith("/") ? url : `${url}/`);
  }

  /** Its address without credentials. */
  get name(): string {
    return this.#address.host;
  }

  /**
   * Tells it what is open and what has ended: at once, or once it has answered to what it is told now; what is pushed meanwhile goes
   * together. What has ended is told again by the next call where this one fails.
   *
   * @throws {Error} Where it does not answer or refuses.
   */
  push(open: readonly Alert[], ended: readonly Alert[]): Promise<void> {
    this.#waiting = [...this.#waiting, ...ended].slice(-MOST_WAITING);
    this.#open = open;
    if (this.#sending === undefined) return this.#begin();
    this.#next ??= this.#sending
      .catch(() => {})
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#sending = this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting;
    const alerts = [...waiting, ...this.#open];
    for (let from = 0; from < alerts.length; from += MOST_ALERTS)
      await this.#post(alerts.slice(from, from + MOST_ALERTS));
    this.#waiting = this.#waiting.filter((alert) => !waiting.includes(alert));
  }

  async #post(alerts: readonly Alert[]): Promise<void> {
    const { username, password } = this.#address;
    const address = new URL(this.#address);
    address.username = "";
    address.password = "";
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const response = await fetch(address, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(username !== "" && { authorization: `Basic ${Buffer.from(login).toString("base64")}` }),
      },
      body: JSON.stringify(alerts),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
  }
}
