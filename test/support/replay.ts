import { type ActorService, decodeMsgpack, Subjects } from "@mapek/core/contract";
import type { PartitionLogic } from "@mapek/runtime";
import { inputsOf, publicationsOf } from "@mapek/runtime";
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { saveState } from "./state-bytes.ts";

/** A stored message: its subject, and its body as text that can be compared. */
export interface Stored {
  readonly subject: string;
  readonly body: string;
}

const subjects = new Subjects();

/** Every message that a stream holds and that matches, in order. */
async function readStream(
  nc: NatsConnection,
  stream: string,
  filters: readonly string[],
): Promise<{ subject: string; data: Uint8Array; seq: number }[]> {
  const consumer = await jetstream(nc).consumers.get(stream, {
    filter_subjects: [...filters],
    deliver_policy: DeliverPolicy.All,
  });
  let left = (await consumer.info()).num_pending;
  const found: { subject: string; data: Uint8Array; seq: number }[] = [];
  if (left === 0) return found;
  const messages = await consumer.consume();
  for await (const { subject, data, seq } of messages) {
    found.push({ subject, data: data.slice(), seq });
    if (--left === 0) break;
  }
  messages.stop();
  return found;
}

/** The inputs that a stored message bundles; any other message is one. */
const partsOf = (subject: string, data: Uint8Array): readonly Uint8Array[] =>
  subject.includes(".in.") ? inputsOf(data) : [data];

const comparable = (subject: string, data: Uint8Array): Stored => ({
  subject,
  body: subject.includes(".in.")
    ? JSON.stringify(decodeMsgpack(data))
    : new TextDecoder().decode(data),
});

/** What a service would store if all its inputs were folded again from the beginning, without any fault. */
export async function replay<State, Input>(
  nc: NatsConnection,
  logic: PartitionLogic<State, Input>,
  partitions: number,
): Promise<{ outputs: Stored[]; states: Uint8Array[] }> {
  const outputs: Stored[] = [];
  const states: Uint8Array[] = [];
  const stream = logic.service === "learner" ? "MAPEK_SAMPLES" : "MAPEK_KNOWLEDGE";
  for (let partition = 0; partition < partitions; partition++) {
    const state = logic.create(partition);
    const filters = [subjects.input(logic.service, partition)];
    if (logic.service === "learner") filters.push(subjects.samples(partition));
    for (const { subject, data } of await readStream(nc, stream, filters))
      for (const part of partsOf(subject, data)) {
        const input = logic.decode(subject, part);
        if (!input.ok) throw input.error;
        for (const output of logic.receive(state, input.value))
          for (const publication of publicationsOf(output, subjects, partitions))
            outputs.push(comparable(publication.subject, publication.data));
      }
    states.push(saveState(logic, state));
  }
  return { outputs, states };
}

/** Subjects of stored messages that each service, and nobody else, writes. */
const WRITES: Readonly<Record<ActorService, (subject: string, body: string) => boolean>> = {
  learner: (subject, body) =>
    /^mapek-kb\.(log\.(recommendations|thresholds|anomalies|changes)|latest)\./.test(subject) ||
    (/^mapek-kb\.in\.feedback\./.test(subject) &&
      (/"kind":"recommendation"/.test(body) ||
        /"objective":"exceedance_error"/.test(body) ||
        isConfirmationOf(body, "learner"))),
  optimizer: (subject, body) =>
    /^mapek-kb\.log\.(parameters|transitions)\./.test(subject) ||
    (/^mapek-kb\.in\.feedback\./.test(subject) &&
      (/"kind":"parameters"/.test(body) ||
        /"objective":"pressure"/.test(body) ||
        isConfirmationOf(body, "optimizer"))),
  feedback: (subject, body) =>
    /^mapek-kb\.log\.(feedback|actions)\./.test(subject) ||
    (/^mapek-kb\.in\.(learner|optimizer)\./.test(subject) && /"kind":"command"/.test(body)),
};

const LEARNER_LOOPS = /"action_id":"[^"]*\.(metrics_learning|anomaly_feedback)\./;

function isConfirmationOf(body: string, service: "learner" | "optimizer"): boolean {
  return /"kind":"confirmation"/.test(body) && LEARNER_LOOPS.test(body) === (service === "learner");
}

/** What a service stored, as the log has it. */
export async function storedBy(nc: NatsConnection, service: ActorService): Promise<Stored[]> {
  const all = await readStream(nc, "MAPEK_KNOWLEDGE", [
    "mapek-kb.log.>",
    "mapek-kb.latest.>",
    "mapek-kb.in.>",
  ]);
  return all
    .flatMap(({ subject, data }) => partsOf(subject, data).map((part) => comparable(subject, part)))
    .filter(({ subject, body }) => WRITES[service](subject, body));
}

/** Sorted lines, so that two sets of messages can be compared as sets that count. */
export const asLines = (messages: readonly Stored[]): string[] =>
  messages.map(({ subject, body }) => `${subject} ${body}`).sort();
