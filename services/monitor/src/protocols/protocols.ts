import type { Subjects } from "@mapek/core/contract";
import type { Config, Logger } from "@mapek/runtime";
import type { NatsConnection } from "@nats-io/transport-node";
import { NatsProtocols } from "./nats-protocols.ts";
import { ProtocolIntake, type ProtocolIntakeOptions } from "./protocol-intake.ts";
import { Scraper } from "./scraper.ts";
import { StatsdListener } from "./statsd-listener.ts";

export interface ProtocolsOptions extends Omit<ProtocolIntakeOptions, "config"> {
  readonly config: Config;
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly log: Logger;
  /** Whether the process has to save memory. */
  readonly memoryShort: () => boolean;
}

/** All inputs for other tools that are switched on. */
export interface Protocols {
  /** Addresses of the listeners `http` and `statsd`, as far as they are switched on. */
  readonly addresses: { readonly [listener: string]: string };
  /** Forgets counters that have been silent. */
  expire(nowMs: number): void;
  /** Closes all inputs; resolves once everything received is stored and answered. */
  drain(): Promise<void>;
}

/** Time over which the first scrapes of all targets are spread. */
const FIRST_SCRAPES_MS = 1_000;

/** @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE */
export async function startProtocols(options: ProtocolsOptions): Promise<Protocols> {
  const { config, nc, subjects, log } = options;
  const settings = config.protocols;
  const protocols = new ProtocolIntake(options);
  const ways: { drain(): Promise<void> }[] = [
    new NatsProtocols({ nc, subjects, config, protocols }),
  ];
  const addresses: Record<string, string> = {};
  if (settings.http_port !== undefined) {
    // Loads the HTTP framework only where HTTP is switched on.
    const { HttpProtocols } = await import("./http-protocols.ts");
    const http = new HttpProtocols({ config, protocols, memoryShort: options.memoryShort });
    ways.push(http);
    addresses.http = await http.listen(settings.http_port);
  }
  if (settings.statsd_port !== undefined) {
    const statsd = new StatsdListener(config, protocols, log);
    ways.push(statsd);
    addresses.statsd = await statsd.listen(settings.statsd_port);
  }
  for (const [i, target] of settings.scrape.entries()) {
    const scraper = new Scraper({ target, maxBytes: settings.max_body_bytes, protocols, log });
    ways.push(scraper);
    scraper.start((i / settings.scrape.length) * FIRST_SCRAPES_MS);
  }
  if (Object.keys(addresses).length > 0) log.info(addresses, "listening for other tools");
  return {
    addresses,
    expire: (nowMs) => protocols.expire(nowMs),
    async drain() {
      await Promise.all(ways.map((way) => way.drain()));
    },
  };
}
