import { encodeJson, isInbox } from "@mapek/core/contract";
import type { Msg, NatsConnection, Subscription } from "@nats-io/transport-node";
import type { EndpointStats } from "./endpoint-stats.ts";

export interface DiscoveryOptions {
  /** Name of the service, shared by all its instances: letters, digits, `-` and `_`. */
  readonly name: string;
  /** Id of this instance; other characters than letters, digits, `-` and `_` become `_`. */
  readonly id: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const VERBS = ["PING", "INFO", "STATS"] as const;
type Verb = (typeof VERBS)[number];

/**
 * Makes a service visible to NATS service discovery (ADR-32), such as `nats service ls`: answers `$SRV.PING`,
 * `$SRV.INFO` and `$SRV.STATS` for all services, for this service's name and for this instance.
 *
 * Own code: the protocol is small, and the library for it (`@nats-io/services`) is a prerelease that depends on an
 * older client.
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

  /** Adds subjects on which the service takes messages to the answers. */
  add(...endpoints: readonly EndpointStats[]): void {
    this.#endpoints.push(...endpoints);
  }

  /** Subscribes to the discovery subjects. */
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

  /** Unsubscribes, so that nobody finds a service that drains. */
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
          // Required by the first version of the schema.
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
