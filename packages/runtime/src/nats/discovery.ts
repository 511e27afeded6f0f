import { encodeJson, isInbox } from "@mapek/core/messages";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { EndpointStats } from "./endpoint-stats.ts";

export interface DiscoveryOptions {
  /** Shared by all instances of a service: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Of this instance; characters that a subject token may not have become `_`. */
  readonly id: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const VERBS = ["PING", "INFO", "STATS"] as const;
type Verb = (typeof VERBS)[number];

/**
 * Lets a service be found as NATS services are (ADR-32): answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`, for all
 * services, for those of its name and for this instance, so that `nats service ls` and `info` know it.
 *
 * The protocol is small and the library for it (`@nats-io/services`) is a prerelease that brings an older client along.
 */
export class Discovery {
  readonly #nc: NatsConnection;
  readonly #identity: Readonly<Record<"name" | "id" | "version", string>> & { metadata: object };
  readonly #description: string;
  readonly #started = new Date().toISOString();
  readonly #endpoints: EndpointStats[] = [];
  #subscriptions: Subscription[] = [];

  constructor(nc: NatsConnection, options: DiscoveryOptions) {
    const { name, version, metadata, description } = options;
    this.#nc = nc;
    this.#identity = { name, id: options.id.replace(/[^\w-]/g, "_"), version, metadata };
    this.#description = description;
  }

  /** Tells of subjects on which the service takes messages. */
  add(...endpoints: readonly EndpointStats[]): void {
    this.#endpoints.push(...endpoints);
  }

  /** Answers from now on. */
  start(): void {
    const { name, id } = this.#identity;
    this.#subscriptions = VERBS.flatMap((verb) =>
      [`$SRV.${verb}`, `$SRV.${verb}.${name}`, `$SRV.${verb}.${name}.${id}`].map((subject) =>
        this.#nc.subscribe(subject, {
          callback: (error, message) => {
            if (error === null) this.#answer(verb, message);
          },
        }),
      ),
    );
  }

  /** A service that drains is not to be found any more. */
  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #answer(verb: Verb, message: Msg): void {
    if (!message.reply || !isInbox(message.reply)) return;
    const type = `io.nats.micro.v1.${verb.toLowerCase()}_response`;
    message.respond(encodeJson({ type, ...this.#identity, ...this.#about(verb) }));
  }

  #about(verb: Verb): object {
    switch (verb) {
      case "PING":
        return {};
      case "INFO":
        return {
          description: this.#description,
          endpoints: this.#endpoints.map(({ name, subject, queueGroup }) => ({
            name,
            subject,
            queue_group: queueGroup,
            metadata: null,
          })),
          // Readers of the first version of the schema ask for it.
          subjects: this.#endpoints.map(({ subject }) => subject),
        };
      case "STATS":
        return {
          started: this.#started,
          endpoints: this.#endpoints.map((endpoint) => endpoint.describe()),
        };
    }
  }
}
