import {
  ACTOR_SERVICES,
  type ActorService,
  inboxPrefixOf,
  OUTPUT_FAMILIES,
  type OutputFamily,
  type Prefixes,
  type Service,
  Subjects,
  VERBS,
} from "@mapek/core/messages";
import { CHECKPOINT_SUBJECTS, CONSUMED, HOUSE_STREAMS, MEMBERS_SUBJECTS } from "./house-streams.ts";

/** What a user may publish and subscribe to; everything else is refused by the server. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Roles of people and programs outside the house. */
export const TEAM_ROLES = ["publisher", "reader", "operator", "loop"] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

/** Everything in its account: makes and changes streams by hand. No service runs with it. */
export const ADMIN: Permissions = { publish: [">"], subscribe: [">"] };

/** Output families whose subjects name the service instead of a system: for operators of all systems. */
const FAMILIES_OF_SYSTEMS = OUTPUT_FAMILIES.filter((family) => family !== "rejected");

/** Output families that a service logs; each also logs its own dead letters. */
const LOGGED: { readonly [S in ActorService]: readonly OutputFamily[] } = {
  learner: ["recommendations", "thresholds", "anomalies"],
  optimizer: ["parameters", "transitions"],
  feedback: ["feedback", "actions"],
};

/** Services into whose partitions a service writes: its own, and those that it sends inputs or commands to. */
const TELLS: { readonly [S in ActorService]: readonly ActorService[] } = {
  learner: ["learner", "feedback"],
  optimizer: ["optimizer", "feedback"],
  feedback: ["feedback", "learner", "optimizer"],
};

/** Public inputs that a service's front door takes, and the subjects of answers to requests. */
function doorsOf(service: Service, subjects: Subjects): string[] {
  const control = subjects.control(service, "*");
  const requests = subjects.requests(service, "*", "*");
  switch (service) {
    case "monitor":
      return [subjects.metrics("*", "*"), requests];
    case "learner":
      return [control, requests];
    case "optimizer":
      return [subjects.performance("*"), control, requests];
    case "feedback":
      return [subjects.signals("*", "*"), subjects.signals("*", "*", "*"), control, requests];
  }
}

/**
 * The least that a service needs.
 *
 * A service may make the declared streams, by name, but neither change nor delete one. It answers
 * requests in anybody's inbox, and reads answers in its own only.
 *
 * @param publicKey The service's user: names its inbox.
 */
export function servicePermissions(
  service: Service,
  publicKey: string,
  prefixes: Prefixes,
): Permissions {
  const subjects = new Subjects(prefixes);
  const publish = ["_INBOX.>", subjects.log("rejected", service), "$JS.API.INFO"];
  for (const stream of Object.values(HOUSE_STREAMS))
    publish.push(`$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.CREATE.${stream}`);
  const subscribe = [`${inboxPrefixOf(publicKey)}.>`, ...doorsOf(service, subjects)];
  if (service === "monitor") {
    publish.push(subjects.samples("*"), subjects.performance("*"));
    return { publish, subscribe };
  }
  publish.push(...actorSubjects(service, subjects), ...actorStreams(service));
  subscribe.push(subjects.query(service, "*"));
  return { publish, subscribe };
}

/** What an actor service stores and asks, below the stored prefix. */
function actorSubjects(service: ActorService, subjects: Subjects): string[] {
  const stored = [
    ...TELLS[service].map((told) => subjects.input(told, "*")),
    ...LOGGED[service].map((family) => subjects.log(family, ">")),
    subjects.position(service, "*"),
    subjects.query(service, "*"),
  ];
  if (service === "learner") stored.push(subjects.latestThreshold(">"), subjects.samples("*"));
  return stored;
}

/** What an actor service asks of JetStream: its input, members, checkpoints. */
function actorStreams(service: ActorService): string[] {
  const { knowledge, members, checkpoints } = HOUSE_STREAMS;
  return [
    ...readingOf(knowledge),
    ...CONSUMED[service].flatMap(consumingOf),
    MEMBERS_SUBJECTS,
    ...readingOf(members),
    ...consumingOf(members),
    CHECKPOINT_SUBJECTS,
    ...readingOf(checkpoints),
    ...consumingOf(checkpoints),
    `$JS.API.STREAM.PURGE.${checkpoints}`,
  ];
}

const readingOf = (stream: string): string[] => [
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
];

const consumingOf = (stream: string): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.INFO.${stream}.*`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  `$JS.FC.${stream}.>`,
];

/** What a key of a team is for. */
export interface Grant {
  readonly role: TeamRole;
  /** Names of systems, or `*` for all: NATS has no wildcard within a name. */
  readonly systems: readonly string[];
  /** Whether a publisher may send signals: always as itself, the key being the last token. */
  readonly signals: boolean;
}

/**
 * What a key of a team may do. But for a loop's none may ask JetStream anything: the server puts stored
 * messages on whatever subject a request names for the reply, or a consumer for its delivery, so a right to
 * read a bucket is one to write stored bytes anywhere in the account. A loop's key is for those who are
 * trusted with that: MapeLoop watches buckets.
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
        publish: each((system) => [
          ...requestsOf(subjects, system, true),
          ...ACTOR_SERVICES.map((service) => subjects.control(service, system)),
        ]),
        subscribe: [
          inbox,
          ...each((system) => outputsOf(subjects, system)),
          ...(grant.systems.includes("*") ? [subjects.output("rejected", "*")] : []),
        ],
      };
  }
}

/** What reading and watching a system's keys in the buckets asks of JetStream. */
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

/** Requests about a system; importing history changes what is learned, so it is not reading. */
const requestsOf = (subjects: Subjects, system: string, writing: boolean): string[] =>
  ACTOR_SERVICES.flatMap((service) =>
    VERBS[service]
      .filter((verb) => writing || verb !== "import")
      .map((verb) => subjects.requests(service, verb, system)),
  );
