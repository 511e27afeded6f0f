import {
  ACTOR_SERVICES,
  type ActorService,
  decodeMsgpack,
  type Position,
  position,
  Subjects,
} from "@mapek/core/contract";
import { inputsOf, publicationsOf } from "@mapek/runtime";
import type { Effect } from "@mapek/runtime/replay";
import { LOGICS } from "../support/logics.ts";
import type { Answer, Reading, StoredMessage } from "./reading.ts";
import { STATE_VERBS } from "./reading.ts";

/** What a service would have stored, had there been no fault. */
export interface Replayed {
  /** In order, by service and partition. */
  readonly outputs: ReadonlyMap<string, readonly Effect[]>;
  readonly answers: readonly Answer[];
  /** Stored inputs behind the position: not folded when the streams were read. */
  readonly unfolded: readonly string[];
}

const subjects = new Subjects();

/** Kinds of inputs that come from outside, or from the runtime itself; every other is a service's output. */
const FROM_OUTSIDE = new Set(["tick", "settings", "control", "performance", "signal"]);

/** Folds the stored inputs from zero, as far as the stored positions say that they were folded. */
export function replay(reading: Reading): Replayed {
  const outputs = new Map<string, Effect[]>();
  const answers = new Map<string, Answer>();
  const unfolded: string[] = [];
  for (const service of ACTOR_SERVICES)
    for (let partition = 0; partition < reading.partitions; partition++) {
      const state = LOGICS[service].create(partition);
      const reached = positionOf(reading, service, partition);
      const answeredAt = reading.answeredAt[service === "learner" ? "samples" : "knowledge"];
      const effects: Effect[] = [];
      let hasAnswered = false;
      const answer = () => {
        if (!hasAnswered) answerInto(answers, service, state);
        hasAnswered = true;
      };
      for (const { subject, data, seq } of inputsFor(reading, service, partition)) {
        const isNew = seq > reached.input_seq;
        if (isNew && seq <= answeredAt)
          unfolded.push(`${service} ${partition}: ${seq} is behind position ${reached.input_seq}`);
        // Of an input with more outputs than one commit carries, the first are stored before the position moves.
        if (isNew && (reached.outputs_done === 0 || seq > reached.input_seq + 1)) break;
        if (seq > answeredAt) answer();
        const room = isNew ? reached.outputs_done : Number.POSITIVE_INFINITY;
        effects.push(...fold(service, state, subject, data, reading.partitions).slice(0, room));
      }
      answer();
      outputs.set(`${service} ${partition}`, effects);
    }
  return { outputs, answers: [...answers.values()], unfolded };
}

/** Adds what a partition's state says now to the answers of its service. */
function answerInto(answers: Map<string, Answer>, service: ActorService, state: unknown): void {
  for (const verb of STATE_VERBS[service]) {
    const key = `${service} ${verb}`;
    const items = LOGICS[service].query(state, verb, undefined, {});
    // As JSON, for the state changes while it is folded on; the services' answers came so, too.
    const told = JSON.parse(JSON.stringify(items)) as unknown[];
    answers.set(key, { service, verb, items: [...(answers.get(key)?.items ?? []), ...told] });
  }
}

function positionOf(reading: Reading, service: ActorService, partition: number): Position {
  const subject = subjects.position(service, partition);
  const record = reading.knowledge.findLast((message) => message.subject === subject);
  const decoded = record === undefined ? undefined : position.decode(record.data);
  if (decoded === undefined || !decoded.ok) throw new Error(`${subject} has no readable record`);
  return decoded.value;
}

function inputsFor(reading: Reading, service: ActorService, partition: number): StoredMessage[] {
  const wanted = [subjects.input(service, partition)];
  if (service === "learner") wanted.push(subjects.samples(partition));
  const stream = service === "learner" ? reading.samples : reading.knowledge;
  return stream.filter(({ subject }) => wanted.includes(subject));
}

function fold(
  service: ActorService,
  state: unknown,
  subject: string,
  data: Uint8Array,
  partitions: number,
): Effect[] {
  const logic = LOGICS[service];
  return partsOf(subject, data).flatMap((part) => {
    const input = logic.decode(subject, part);
    if (!input.ok) throw input.error;
    return logic
      .receive(state, input.value)
      .flatMap((output) => publicationsOf(output, subjects, partitions));
  });
}

/** The inputs that a stored message bundles; any other message is one. */
export const partsOf = (subject: string, data: Uint8Array): readonly Uint8Array[] =>
  subject.startsWith("mapek-kb.in.") ? inputsOf(data) : [data];

/** What the services put out, as the log has it, in order. */
export function storedEffects(reading: Reading): Effect[] {
  return reading.knowledge.flatMap(({ subject, data }) => {
    if (/^mapek-kb\.(position|log\.rejected)\./.test(subject)) return [];
    const parts = partsOf(subject, data).map((part) => ({ subject, data: part }));
    return subject.startsWith("mapek-kb.in.")
      ? parts.filter((part) => !FROM_OUTSIDE.has(kindOf(part.data)))
      : parts;
  });
}

const kindOf = (input: Uint8Array): string => (decodeMsgpack(input) as { kind: string }).kind;
