import type { Alert } from "./alert.ts";

const TIMEOUT_MS = 10_000;
/** Number of alerts in one request. */
const MOST_ALERTS = 1_000;
/** Number of ended alerts that wait while the Alertmanager does not answer; the oldest are dropped and end by `endsAt`. */
const MOST_WAITING = 10_000;

/** One Alertmanager. All members of a cluster must get every alert. */
export class Alertmanager {
  readonly #address: URL;
  #waiting: Alert[] = [];
  #open: readonly Alert[] = [];
  /** Requests go out one after another, so that the last one sent also arrives last. */
  #sending: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param url Such as `http://alertmanager:9093`, with its path prefix if any. @throws {TypeError} for a text that is no URL. */
  constructor(url: string) {
    this.#address = new URL("api/v2/alerts", url.endsWith("/") ? url : `${url}/`);
  }

  /** Host and port, without credentials. */
  get name(): string {
    return this.#address.host;
  }

  /**
   * Sends open and ended alerts at once, or after the running request has been answered; calls that wait are sent as
   * one request. Where a request fails, the next call sends its ended alerts again.
   *
   * @throws {Error} where the Alertmanager does not answer within 10 s or refuses.
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
