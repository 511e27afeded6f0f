import { namePattern, type Parsed, parseExposition, type Reading } from "@mapek/ingest";
import type { Config, Logger } from "@mapek/runtime";
import type { ProtocolIntake } from "./protocol-intake.ts";

type Target = Config["protocols"]["scrape"][number];

export interface ScraperOptions {
  readonly target: Target;
  readonly maxBytes: number;
  readonly protocols: ProtocolIntake;
  readonly log: Logger;
}

const ACCEPT = "text/plain;version=0.0.4;q=1,application/openmetrics-text;version=1.0.0;q=0.8";

/**
 * Fetches one target's metrics at the target's interval, and adds `up` (1 or 0) and `scrape_duration_seconds`. All get the
 * label `instance`, the target's host and port, unless the target gives that label itself.
 */
export class Scraper {
  readonly #options: ScraperOptions;
  readonly #url: string;
  readonly #headers: Record<string, string>;
  readonly #instance: string;
  readonly #patterns: readonly RegExp[];
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();
  #wasUp = true;

  constructor(options: ScraperOptions) {
    this.#options = options;
    const url = new URL(options.target.url);
    this.#instance = url.host;
    this.#headers = { Accept: ACCEPT };
    if (url.username !== "") {
      const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      this.#headers.Authorization = `Basic ${Buffer.from(user).toString("base64")}`;
      url.username = "";
      url.password = "";
    }
    this.#url = url.href;
    this.#patterns = options.target.metrics.map(namePattern);
  }

  /** @param delayMs Time until the next scrape; the first ones are spread to spread the load. */
  start(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#running = this.#scrape();
    }, delayMs);
  }

  /** Ends scraping; resolves once the last scrape is stored, or aborted where the target has not answered yet. */
  async drain(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #scrape(): Promise<void> {
    const { target, protocols } = this.#options;
    const startedMs = Date.now();
    const started = performance.now();
    const { readings, skipped, fault } = await this.#look();
    if (readings === undefined && this.#stop.signal.aborted) return;
    const up = readings !== undefined;
    const seconds = (performance.now() - started) / 1_000;
    const health: Reading[] = [
      { kind: "gauge", metric: "up", labels: {}, timeMs: startedMs, value: Number(up) },
      {
        ...{ kind: "gauge", metric: "scrape_duration_seconds", labels: {} },
        ...{ timeMs: startedMs, value: seconds },
      },
    ];
    const all = [...(readings ?? []), ...health].map((reading) => ({
      ...reading,
      labels: { instance: this.#instance, ...reading.labels },
      timeMs: reading.timeMs ?? startedMs,
    }));
    await protocols.take({
      ...{ protocol: "scrape", system: target.system, subject: this.#url },
      parsed: { readings: all, skipped: skipped ?? new Map(), fault },
      payload: new Uint8Array(),
    });
    if (this.#stop.signal.aborted) return;
    const waitMs = Math.max(0, target.interval_seconds * 1_000 - (performance.now() - started));
    this.start(waitMs);
  }

  /** The target's metrics; empty where the target does not answer in time, or not with metrics. */
  async #look(): Promise<Partial<Parsed>> {
    const { target, maxBytes, log } = this.#options;
    try {
      const timeout = AbortSignal.timeout(target.timeout_seconds * 1_000);
      const signal = AbortSignal.any([timeout, this.#stop.signal]);
      const answer = await fetch(this.#url, { headers: this.#headers, signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const text = await textOf(answer, maxBytes);
      const type = answer.headers.get("Content-Type") ?? "";
      const parsed = parseExposition(text, type.includes("openmetrics"));
      this.#wasUp = true;
      return { ...parsed, readings: parsed.readings.filter(({ metric }) => this.#wants(metric)) };
    } catch (error) {
      if (this.#wasUp)
        log.warn({ url: this.#url, err: error }, "a target does not give its metrics");
      this.#wasUp = false;
      return {};
    }
  }

  #wants(metric: string): boolean {
    return this.#patterns.length === 0 || this.#patterns.some((one) => one.test(metric));
  }
}

async function textOf(answer: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
