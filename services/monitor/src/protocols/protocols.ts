import type { Subjects } from "@mapek/core/messages";
import type { Config, Logger } from "@mapek/runtime";
import type { NatsConnection } from "@nats-io/transport-node";
import { HttpProtocols } from "./http-protocols.ts";
import { NatsProtocols } from "./nats-protocols.ts";
import { ProtocolIntake, type ProtocolIntakeOptions } from "./protocol-intake.ts";

export interface ProtocolsOptions extends Omit<ProtocolIntakeOptions, "config"> {
  readonly config: Config;
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly log: Logger;
}

/** All ways in for other tools that are switched on. */
export interface Protocols {
  /** Where it listens: `http`, `statsd`; without those that are off. */
  readonly addresses: { readonly [listener: string]: string };
  /** Forgets what is remembered of silent series. */
  expire(nowMs: number): void;
  /** Takes nothing more in, and resolves once what came is stored and answered. */
  drain(): Promise<void>;
}

/** @throws {RuntimeError} MAPEK_HTTP_PORT_IN_USE */
export async function startProtocols(options: ProtocolsOptions): Promise<Protocols> {
  const { config, nc, subjects, log } = options;
  const settings = config.protocols;
  const protocols = new ProtocolIntake(options);
  const nats = new NatsProtocols({ nc, subjects, config, protocols });
  const addresses: Record<string, string> = {};
  let http: HttpProtocols | undefined;
  if (settings.http_port !== undefined) {
    http = new HttpProtocols(settings, protocols);
    await http.listen(settings.http_port);
    addresses.http = http.url;
  }
  if (Object.keys(addresses).length > 0) log.info(addresses, "listening for other tools");
  return {
    addresses,
    expire: (nowMs) => protocols.expire(nowMs),
    async drain() {
      await Promise.all([nats.drain(), http?.drain()]);
    },
  };
}
