import {
  type ActorService,
  FAMILIES_OF,
  inboxPrefixOf,
  type Prefixes,
  type Service,
  Subjects,
} from "@mapek/core/contract";
import { CHECKPOINT_SUBJECTS, CONSUMED, HOUSE_STREAMS, MEMBERS_SUBJECTS } from "./house-streams.ts";
import type { Permissions } from "./permissions.ts";

/** Services into whose partitions a service writes inputs: its own, and those to which it sends commands or other inputs. */
const INPUTS_WRITTEN_BY: { readonly [S in ActorService]: readonly ActorService[] } = {
  learner: ["learner", "feedback"],
  optimizer: ["optimizer", "feedback"],
  feedback: ["feedback", "learner", "optimizer"],
};

/** Subjects that a service subscribes to: its public inputs and its requests. */
function doorsOf(service: Service, subjects: Subjects): string[] {
  const control = subjects.control(service, "*");
  const requests = subjects.requests(service, "*", "*");
  switch (service) {
    case "monitor":
      return [subjects.metrics("*", "*"), subjects.telegraf("*"), subjects.otlp("*"), requests];
    case "learner":
      return [control, requests];
    case "optimizer":
      return [subjects.performance("*"), control, requests];
    case "feedback":
      return [subjects.signals("*", "*"), subjects.signals("*", "*", "*"), control, requests];
  }
}

/**
 * The least permissions with which a service works.
 *
 * A service may create the declared streams by name, but neither change nor delete a stream. A service may answer to
 * any inbox, and may read only its own inbox. The learner may ask the leader of its input stream to step down.
 *
 * @param publicKey Public key of the service's user; names its inbox.
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
  const subscribe = [
    `${inboxPrefixOf(publicKey)}.>`,
    ...discoveryOf(service),
    ...doorsOf(service, subjects),
  ];
  if (service === "monitor") {
    publish.push(subjects.samples("*"), subjects.performance("*"));
    // The monitor asks for the newest sample of each series in a message of history: older samples teach nothing and
    // are counted.
    publish.push(subjects.requests("learner", "series", "*"));
    return { publish, subscribe };
  }
  publish.push(...actorSubjects(service, subjects), ...actorStreams(service));
  if (service === "learner")
    publish.push(`$JS.API.STREAM.LEADER.STEPDOWN.${HOUSE_STREAMS.samples}`);
  subscribe.push(subjects.query(service, "*"));
  return { publish, subscribe };
}

/** The subjects of NATS service discovery for a service. */
const discoveryOf = (service: Service): string[] =>
  ["PING", "INFO", "STATS"].flatMap((verb) => [
    `$SRV.${verb}`,
    `$SRV.${verb}.mapek-${service}`,
    `$SRV.${verb}.mapek-${service}.*`,
  ]);

/** The subjects below the stored prefix that an actor service publishes. */
function actorSubjects(service: ActorService, subjects: Subjects): string[] {
  const stored = [
    ...INPUTS_WRITTEN_BY[service].map((target) => subjects.input(target, "*")),
    ...FAMILIES_OF[service].map((family) => subjects.log(family, ">")),
    subjects.position(service, "*"),
    subjects.query(service, "*"),
  ];
  if (service === "learner") stored.push(subjects.latestThreshold(">"), subjects.samples("*"));
  return stored;
}

/** The JetStream requests of an actor service: about its input, members and checkpoints. */
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
