import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { ACTOR_SERVICES, type ActorService, position, Subjects } from "@mapek/core/contract";
import { STREAMS } from "@mapek/runtime";
import { DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { ANSWER_MS, STUCK_MS } from "../support/wait-for.ts";

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly seq: number;
}

/** What a running service said of its states. */
export interface Answer {
  readonly service: ActorService;
  readonly verb: string;
  readonly items: readonly unknown[];
}

/** Everything that a check looks at, as it was stored when the flow was over. */
export interface Reading {
  readonly partitions: number;
  readonly knowledge: readonly StoredMessage[];
  readonly samples: readonly StoredMessage[];
  readonly answers: readonly Answer[];
  /** The newest sequences when the services answered; all up to there was folded. */
  readonly answeredAt: { readonly knowledge: number; readonly samples: number };
}

/** Verbs that are answered from states alone. */
export const STATE_VERBS: Readonly<Record<ActorService, readonly string[]>> = {
  learner: ["series", "learning", "export"],
  optimizer: ["parameters"],
  feedback: ["effectiveness"],
};

const subjects = new Subjects();
const POLL_MS = 100;
const MOST_READINGS = 100;

/**
 * Waits until every stored input is folded, as the position records have it, and nothing comes any more.
 *
 * @throws {Error} naming the partitions that are behind when that is stuck.
 */
export async function settled(nc: NatsConnection, partitions: number): Promise<void> {
  const deadline = performance.now() + STUCK_MS;
  let quiet: string | undefined;
  for (;;) {
    let behind: string[];
    try {
      behind = await partitionsBehind(nc, partitions);
      const now = await newest(nc);
      if (behind.length === 0 && now === quiet) return;
      quiet = behind.length === 0 ? now : undefined;
    } catch (error) {
      behind = [String(error)];
      quiet = undefined;
    }
    if (performance.now() > deadline)
      throw new Error(`not settled within ${STUCK_MS / 1_000} s: ${behind.join(", ")}`);
    await delay(POLL_MS);
  }
}

async function newest(nc: NatsConnection): Promise<string> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const infos = await Promise.all(
    [STREAMS.knowledge, STREAMS.samples].map((name) =>
      jsm.streams.info(name, { subjects_filter: subjects.input("learner", "*") }),
    ),
  );
  const counts = infos.map(({ state }) => {
    const commands = Object.values(state.subjects ?? {});
    return commands.reduce((sum, count) => sum + count, 0);
  });
  // What is on its way from one stream to the other is in neither's partitions.
  if (counts[0] !== counts[1]) throw new Error(`${counts[1]} of ${counts[0]} commands are sourced`);
  return counts.join("/");
}

async function partitionsBehind(nc: NatsConnection, partitions: number): Promise<string[]> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const lastSeq = async (stream: string, subject: string): Promise<number> =>
    (await jsm.streams.getMessage(stream, { last_by_subj: subject }))?.seq ?? 0;
  const indices = Array.from({ length: partitions }, (_, i) => i);
  const checks = ACTOR_SERVICES.flatMap((service) =>
    indices.map(async (partition) => {
      const input = subjects.input(service, partition);
      const wanted =
        service === "learner"
          ? Math.max(
              await lastSeq(STREAMS.samples, input),
              await lastSeq(STREAMS.samples, subjects.samples(partition)),
            )
          : await lastSeq(STREAMS.knowledge, input);
      const record = await jsm.streams.getMessage(STREAMS.knowledge, {
        last_by_subj: subjects.position(service, partition),
      });
      const decoded = record === null ? undefined : position.decode(record.data);
      const reached = decoded?.ok ? decoded.value.input_seq : 0;
      return reached >= wanted ? [] : [`${service} ${partition} is at ${reached} of ${wanted}`];
    }),
  );
  return (await Promise.all(checks)).flat();
}

/**
 * Asks the services about their states at a moment at which nothing is written, everything is folded and
 * every partition answers, then reads both streams whole. Ticks may be written during the reading.
 *
 * @throws {Error} When there is no such moment in time.
 */
export async function read(nc: NatsConnection, partitions: number): Promise<Reading> {
  const deadline = performance.now() + STUCK_MS;
  for (;;) {
    let why: unknown = new Error("the streams were written to during each questioning");
    try {
      // The ends come first: a tick that is written after a look at the positions would count as folded, and is not yet.
      const answeredAt = await ends(nc);
      const behind = await partitionsBehind(nc, partitions);
      if (behind.length > 0) throw new Error(behind.join(", "));
      await newest(nc);
      const answers = await askStates(nc);
      if (isDeepStrictEqual(await ends(nc), answeredAt)) {
        // Positions are of the knowledge: the samples that they speak of are there when it has been read.
        const knowledge = await readKnowledge(nc, partitions);
        const samples = await readStream(nc, STREAMS.samples);
        return { partitions, knowledge, samples, answers, answeredAt };
      }
    } catch (error) {
      why = error;
    }
    if (performance.now() > deadline) throw why;
    await delay(POLL_MS);
  }
}

/**
 * A position that was replaced while the stream was read is missing, and its outputs were read in part: what came meanwhile is
 * read too, which takes less time each time.
 */
async function readKnowledge(nc: NatsConnection, partitions: number): Promise<StoredMessage[]> {
  const wanted = ACTOR_SERVICES.flatMap((service) =>
    Array.from({ length: partitions }, (_, partition) => subjects.position(service, partition)),
  );
  let found = await readStream(nc, STREAMS.knowledge);
  for (let round = 0; ; round++) {
    const read = new Set(found.map(({ subject }) => subject));
    const missing = wanted.filter((subject) => !read.has(subject));
    if (missing.length === 0) return found;
    if (round === MOST_READINGS)
      throw new Error(`written during the reading: ${missing.join(", ")}`);
    const later = await readStream(nc, STREAMS.knowledge, found.at(-1)?.seq);
    const replaced = new Set(
      later.map(({ subject }) => subject).filter((at) => wanted.includes(at)),
    );
    found = [...found.filter(({ subject }) => !replaced.has(subject)), ...later];
  }
}

/** The newest sequence of both streams. */
async function ends(nc: NatsConnection): Promise<Reading["answeredAt"]> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const infos = [STREAMS.knowledge, STREAMS.samples].map((name) => jsm.streams.info(name));
  const [knowledge = 0, samples = 0] = (await Promise.all(infos)).map(
    ({ state }) => state.last_seq,
  );
  return { knowledge, samples };
}

/** @param after Sequence after which messages are read; all where it is left out. */
async function readStream(nc: NatsConnection, stream: string, after = 0): Promise<StoredMessage[]> {
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const { messages: count, last_seq: end } = (await jsm.streams.info(stream)).state;
  const found: StoredMessage[] = [];
  if (count === 0 || end <= after) return found;
  const consumer = await jetstream(nc).consumers.get(stream, {
    ...(after === 0 ? { deliver_policy: DeliverPolicy.All } : { opt_start_seq: after + 1 }),
  });
  const messages = await consumer.consume();
  for await (const { subject, data, seq } of messages) {
    if (seq <= end) found.push({ subject, data: data.slice(), seq });
    // Not by how many are pending: a position that is replaced meanwhile is counted and never comes.
    if (seq >= end) break;
  }
  messages.stop();
  return found;
}

async function askStates(nc: NatsConnection): Promise<Answer[]> {
  const questions = ACTOR_SERVICES.flatMap((service) =>
    STATE_VERBS[service].map((verb) => ({ service, verb })),
  );
  return await Promise.all(
    questions.map(async ({ service, verb }) => {
      const subject = subjects.requests(service, verb, "_");
      const answer = await nc.request(subject, "{}", { timeout: ANSWER_MS });
      const body = answer.json<{ items?: unknown[]; error?: object }>();
      if (body.items === undefined) throw new Error(`${subject}: ${JSON.stringify(body.error)}`);
      return { service, verb, items: body.items };
    }),
  );
}
