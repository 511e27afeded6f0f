import {
  ACTOR_SERVICES,
  inboxPrefixOf,
  OUTPUT_FAMILIES,
  type Prefixes,
  Subjects,
  VERBS,
} from "@mapek/core/contract";
import { HOUSE_STREAMS } from "./house-streams.ts";
import type { Permissions } from "./permissions.ts";

/** Roles of people and programs outside the house. */
export const TEAM_ROLES = ["publisher", "reader", "operator", "loop"] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/**
 * Output families whose subjects name a system. The subject of `rejected` names a service: only operators of all
 * systems may read it.
 */
const FAMILIES_OF_SYSTEMS = OUTPUT_FAMILIES.filter((family) => family !== "rejected");

/** The role of a team's key and the systems that it covers. */
export interface Grant {
  readonly role: TeamRole;
  /** Names of systems, or `*` for all. A pattern such as `shop-*` is impossible: NATS has no wildcard within a token. */
  readonly systems: readonly string[];
  /** True lets a publisher or an operator send signals, only under its own public key, which is the subject's last token. */
  readonly signals: boolean;
}

/**
 * The permissions of a team's key.
 *
 * Only the role `loop` may send JetStream requests, because MapeLoop watches buckets. The server puts stored messages
 * on any subject that a request names for the reply, so whoever may read a bucket can write its bytes to any subject
 * of the account. Give a loop's key only to programs that are trusted with that.
 */
export function teamPermissions(grant: Grant, publicKey: string, prefixes: Prefixes): Permissions {
  const subjects = new Subjects(prefixes);
  const inbox = `${inboxPrefixOf(publicKey)}.>`;
  const each = (make: (system: string) => readonly string[]) => grant.systems.flatMap(make);
  switch (grant.role) {
    case "publisher":
      return {
        publish: each((system) => [
          subjects.metrics(system, "*"),
          subjects.telegraf(system),
          subjects.otlp(system),
          subjects.performance(system),
          ...(grant.signals ? [subjects.signals(system, "*", publicKey)] : []),
        ]),
        subscribe: [inbox],
      };
    case "reader":
      return {
        publish: each((system) => requestsOf(subjects, system, false)),
        subscribe: [inbox, ...each((system) => outputsOf(subjects, system))],
      };
    case "loop": {
      const publisher = teamPermissions(
        { ...grant, role: "publisher", signals: true },
        publicKey,
        prefixes,
      );
      const reader = teamPermissions({ ...grant, role: "reader" }, publicKey, prefixes);
      return {
        publish: [...publisher.publish, ...reader.publish, ...each(bucketsOf)],
        subscribe: reader.subscribe,
      };
    }
    case "operator":
      return {
        publish: [
          "$SRV.>",
          ...each((system) => [
            ...requestsOf(subjects, system, true),
            ...ACTOR_SERVICES.map((service) => subjects.control(service, system)),
            ...(grant.signals ? [subjects.signals(system, "*", publicKey)] : []),
          ]),
        ],
        subscribe: [
          inbox,
          ...each((system) => outputsOf(subjects, system)),
          ...(grant.systems.includes("*") ? [subjects.output("rejected", "*")] : []),
        ],
      };
  }
}

/** The JetStream requests for reading and watching a system's keys in the buckets. */
const bucketsOf = (system: string): string[] => {
  const { thresholds, parameters } = HOUSE_STREAMS;
  const keys = [
    `${thresholds}.$KV.mapek_thresholds.${system}.>`,
    `${parameters}.$KV.mapek_parameters.${system}`,
  ];
  return [
    ...[thresholds, parameters].flatMap((stream) => [
      `$JS.API.STREAM.INFO.${stream}`,
      `$JS.API.CONSUMER.INFO.${stream}.*`,
      `$JS.API.CONSUMER.DELETE.${stream}.*`,
      `$JS.FC.${stream}.>`,
    ]),
    ...keys.map((key) => `$JS.API.DIRECT.GET.${key}`),
    // The token between stream and key is the consumer's name.
    ...keys.map((key) => `$JS.API.CONSUMER.CREATE.${key.replace(".$KV", ".*.$KV")}`),
  ];
};

/** Outputs about a system: `<family>.<system>` or `<family>.<system>.<metric or loop>`. */
const outputsOf = (subjects: Subjects, system: string): string[] =>
  FAMILIES_OF_SYSTEMS.map((family) =>
    family === "parameters" || family === "transitions"
      ? subjects.output(family, system)
      : subjects.output(family, system, ">"),
  );

/** The request subjects about a system. `import` is only for keys that may write: imported history changes what is learned. */
const requestsOf = (subjects: Subjects, system: string, writing: boolean): string[] =>
  ACTOR_SERVICES.flatMap((service) =>
    VERBS[service]
      .filter((verb) => writing || verb !== "import")
      .map((verb) => subjects.requests(service, verb, system)),
  );
