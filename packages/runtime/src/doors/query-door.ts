import {
  type ActorService,
  MESSAGE_ERRORS,
  MessageError,
  type MessageErrorCode,
  partitionOf,
  type Request,
  request as requestMessage,
  response as responseMessage,
  type Subjects,
  seriesKey,
  VERBS,
} from "@mapek/core/contract";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { RuntimeError } from "../errors.ts";
import { EndpointStats } from "../nats/endpoint-stats.ts";
import { type QueryBody, respond, respondError } from "./query.ts";

export interface QueryDoorOptions {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly service: ActorService;
  readonly partitions: number;
  /** Verbs that the service answers from streams instead of from the states of its partitions. `system` undefined means all. */
  readonly verbs?: Readonly<
    Record<
      string,
      (system: string | undefined, request: Request, message: Msg) => Promise<unknown[]>
    >
  >;
}

/** The system token that stands for all systems in a request subject. */
const ALL_SYSTEMS = "_";

const QUERY_TIMEOUT_MS = 3_000;
/**
 * Requests under way at the same time, each with the answers of its partitions in memory; more are refused with
 * MAPEK_OVERLOADED.
 */
const MAX_UNDER_WAY = 256;

export interface QueryDoor {
  readonly endpoint: EndpointStats;
  /** Takes no further requests. */
  drain(): Promise<void>;
}

/**
 * Answers the requests to a service: asks the owners of the partitions in question and merges their items. All
 * instances share a queue group, so one of them answers.
 */
export function startQueryDoor(options: QueryDoorOptions): QueryDoor {
  const { nc, subjects, service } = options;
  let underWay = 0;
  const endpoint = new EndpointStats(subjects.requests(service, "*", "*"), `mapek-${service}`);
  const subscription = nc.subscribe(endpoint.subject, {
    queue: endpoint.queueGroup,
    callback: (error, message) => {
      if (error !== null) return;
      const began = performance.now();
      if (underWay >= MAX_UNDER_WAY) {
        const why = `${underWay} requests are under way: try later`;
        respondError(nc, message, new MessageError("MAPEK_OVERLOADED", why));
        return;
      }
      underWay++;
      answerRequest(options, message)
        .then(
          (items) => respond(nc, message, { items }),
          (failure: unknown) => {
            endpoint.failed(String(failure));
            respondError(nc, message, failure);
          },
        )
        .finally(() => {
          underWay--;
          endpoint.add(performance.now() - began);
        });
    },
  });
  return { endpoint, drain: () => subscription.drain() };
}

async function answerRequest(options: QueryDoorOptions, message: Msg): Promise<unknown[]> {
  const subject = options.subjects.parseInput(message.subject);
  if (!subject.ok) throw subject.error;
  if (subject.value.family !== "requests")
    throw new MessageError("MAPEK_SUBJECT_INVALID", message.subject);
  const { verb, system } = subject.value;
  const known: readonly string[] = VERBS[options.service];
  if (!known.includes(verb))
    throw new MessageError(
      "MAPEK_REQUEST_UNKNOWN_VERB",
      `${verb}: expected one of ${known.join(", ")}`,
    );
  const about = system === ALL_SYSTEMS ? undefined : system;
  const own = options.verbs?.[verb];
  const request =
    own !== undefined && message.data.length > 0 && verb === "import" ? {} : decodeRequest(message);
  const items =
    own === undefined
      ? await askPartitions(options, verb, about, request)
      : await own(about, request, message);
  return request.limit === undefined ? items : items.slice(-request.limit);
}

function decodeRequest(message: Msg): Request {
  if (message.data.length === 0) return {};
  const decoded = requestMessage.decode(
    message.data,
    message.headers?.get("Content-Type") || undefined,
  );
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}

async function askPartitions(
  options: QueryDoorOptions,
  verb: string,
  system: string | undefined,
  request: Request,
): Promise<unknown[]> {
  const { nc, subjects, service } = options;
  const body = JSON.stringify({ verb, system: system ?? null, request } satisfies QueryBody);
  const answers = await Promise.all(
    partitionsFor(options, system, request).map(async (partition) => {
      try {
        return await nc.request(subjects.query(service, partition), body, {
          timeout: QUERY_TIMEOUT_MS,
        });
      } catch (cause) {
        throw new MessageError(
          "MAPEK_REQUEST_UNAVAILABLE",
          `partition ${partition} of ${service}: ${(cause as Error).message}`,
          { cause },
        );
      }
    }),
  );
  const items = answers.flatMap((message) => {
    const decoded = responseMessage.decode(message.data);
    if (!decoded.ok) throw decoded.error;
    if ("error" in decoded.value) throw errorOf(decoded.value.error);
    return decoded.value.items;
  });
  return answers.length > 1 ? inOrderOfTime(items) : items;
}

function errorOf({ code, message }: { code: string; message: string }): Error {
  return code in MESSAGE_ERRORS
    ? new MessageError(code as MessageErrorCode, message)
    : new RuntimeError("MAPEK_INTERNAL", message);
}

/** Items of several partitions, oldest first where all have a `timestamp`; items of one time stay in order of partition. */
function inOrderOfTime(items: unknown[]): unknown[] {
  const timeOf = (item: unknown) => (item as { timestamp?: unknown } | null)?.timestamp;
  if (!items.every((item) => typeof timeOf(item) === "number")) return items;
  return items.sort((a, b) => (timeOf(a) as number) - (timeOf(b) as number));
}

/**
 * The partitions to ask: the one that the request names, else the one of the actor's key where the request determines
 * it, else all. A partition number that does not exist gives none.
 */
function partitionsFor(
  options: QueryDoorOptions,
  system: string | undefined,
  request: Request,
): number[] {
  const { service, partitions } = options;
  if (request.partition !== undefined)
    return request.partition < partitions ? [request.partition] : [];
  if (system !== undefined && service !== "learner") return [partitionOf(system, partitions)];
  if (system !== undefined && request.metric !== undefined && request.labels !== undefined)
    return [partitionOf(seriesKey(system, request.metric, request.labels), partitions)];
  return Array.from({ length: partitions }, (_, partition) => partition);
}
