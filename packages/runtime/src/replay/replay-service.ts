import {
  type ActorService,
  FAMILIES_OF,
  type Position,
  position,
  type Subjects,
} from "@mapek/core/messages";
import { type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { Counter } from "prom-client";
import type { PartitionLogic } from "../actor.ts";
import { streamStored } from "../history/stored-messages.ts";
import type { Connection } from "../nats/connect.ts";
import { inputStreamOf, STREAMS } from "../nats/streams.ts";
import { InputFolder } from "../partition/input-folder.ts";
import {
  type Effect,
  effectKey,
  type OutputDifference,
  outputDifferences,
} from "./output-differences.ts";
import { withSettings } from "./with-settings.ts";

/** A stretch of time by which inputs and outputs were stored, ms; both ends included. */
export interface ReplayWindow {
  readonly from: number;
  readonly to: number;
}

export interface ReplayOptions<State, Input> extends ReplayWindow {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  /** Settings in place of those of a stored settings message; undefined = as they were. */
  readonly change?: ((settings: object) => object) | undefined;
  /** Told of the inputs folded so far, now and then. */
  readonly onProgress?:
    | ((partition: number, partitions: number, inputs: number) => void)
    | undefined;
}

/** Whose records are read. */
interface Source {
  readonly subjects: Subjects;
  readonly logic: { readonly service: ActorService };
}

/** What came of it. */
export interface ServiceReplay {
  readonly service: ActorService;
  /** Stored messages of inputs that were folded, from the beginning of the log on. */
  readonly messages: number;
  /** Inputs on which an actor failed, as it had done then. */
  readonly failures: number;
  /** Partitions of which the log no longer holds the first inputs: their state is not what it was. */
  readonly trimmed: readonly number[];
  /** Public outputs of inputs that were stored in the window, in order, as they are put out with the settings of then. */
  readonly outputs: readonly Effect[];
  /** The same with the changed settings; undefined where none were changed. */
  readonly changed: readonly Effect[] | undefined;
  /** Between what is stored and what is put out with the settings of then. */
  readonly differences: readonly OutputDifference[];
}

const PROGRESS_EVERY = 500;

/**
 * Folds a service's stored inputs from the beginning of the log to the end of a window, with the logic and the folder that
 * its partitions run with, and compares the public outputs with the stored ones, byte for byte.
 *
 * Inputs are the service's own: commands and recommendations that another service sent stay as they are stored. Dead letters are
 * left out, since front doors write them, too. What is not folded yet is left out.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand out what it stores.
 * Cost: that of folding; in memory the outputs of the window and 100 bytes for each before it. Reads only.
 */
export async function replayService<State, Input>(
  options: ReplayOptions<State, Input>,
): Promise<ServiceReplay> {
  const { nc, logic } = options;
  const connection = await connectionOf(nc);
  const partitions = await partitionsOf(connection);
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const positions = () =>
    Promise.all(all.map((partition) => positionOf(connection, options, partition)));
  // What is folded by now is stored by the time at which the log is read; what is stored then is folded by the time after it.
  const before = await positions();
  const stored = await storedOutputs(connection, options);
  const after = await positions();
  const replays: PartitionReplay[] = [];
  let messages = 0;
  for (const partition of all) {
    const replay = await replayPartition(connection, options, {
      partition,
      partitions,
      before: before[partition] as Position,
      after: after[partition] as Position,
      onMessages: (count) => options.onProgress?.(partition, partitions, messages + count),
    });
    messages += replay.messages;
    replays.push(replay);
  }
  const byPartition = new Map(
    replays.map(({ outputs }, partition) => [`${logic.service} ${partition}`, outputs]),
  );
  const inWindow = (effects: readonly Effect[]) => effects.filter(({ data }) => data.length > 0);
  return {
    service: logic.service,
    messages,
    failures: replays.reduce((sum, { failures }) => sum + failures, 0),
    trimmed: all.filter((partition) => replays[partition]?.trimmed),
    outputs: replays.flatMap(({ outputs }) => inWindow(outputs)),
    changed: options.change && replays.flatMap(({ changed }) => changed),
    differences: outputDifferences(stored, byPartition),
  };
}

/** What JetStream needs beside a connection. */
export const connectionOf = async (nc: NatsConnection): Promise<Connection> => ({
  nc,
  js: jetstream(nc),
  jsm: await jetstreamManager(nc),
});

/** How many partitions the streams were made for. */
export async function partitionsOf({ jsm }: Connection): Promise<number> {
  const { config } = await jsm.streams.info(STREAMS.knowledge);
  return Number(config.metadata?.["mapek.partitions"]);
}

const NOTHING_FOLDED = { input_seq: 0, first_seq: 0, outputs_done: 0 } as Position;

async function positionOf(
  { jsm }: Connection,
  { subjects, logic }: Source,
  partition: number,
): Promise<Position> {
  const subject = subjects.position(logic.service, partition);
  const record = await jsm.streams.getMessage(STREAMS.knowledge, { last_by_subj: subject });
  if (record === null) return NOTHING_FOLDED;
  const decoded = position.decode(record.data);
  if (!decoded.ok) throw decoded.error;
  return decoded.value;
}

const isPublic = (subjects: Subjects, service: ActorService) => {
  const roots = FAMILIES_OF[service].map((family) => `${subjects.log(family)}.`);
  return (subject: string): boolean => roots.some((root) => subject.startsWith(root));
};

/** When the server stored a message, ms. */
export const storedAt = ({ info }: JsMsg): number => info.timestampNanos / 1e6;

async function storedOutputs(
  connection: Connection,
  { subjects, logic, from, to }: Source & ReplayWindow,
): Promise<Effect[]> {
  const outputs: Effect[] = [];
  const filters = FAMILIES_OF[logic.service].map((family) => subjects.log(family, ">"));
  const query = { stream: STREAMS.knowledge, filters, storedSince: from };
  for await (const message of streamStored(connection, query))
    outputs.push({
      subject: message.subject,
      data: message.data.slice(),
      required: storedAt(message) <= to,
    });
  return outputs;
}

interface PartitionReplay {
  readonly messages: number;
  readonly failures: number;
  readonly trimmed: boolean;
  /** Those from before the window without their data. */
  readonly outputs: readonly Effect[];
  readonly changed: readonly Effect[];
}

interface PartitionTask {
  readonly partition: number;
  readonly partitions: number;
  readonly before: Position;
  readonly after: Position;
  readonly onMessages: (count: number) => void;
}

async function replayPartition<State, Input>(
  connection: Connection,
  options: ReplayOptions<State, Input>,
  { partition, partitions, before, after, onMessages }: PartitionTask,
): Promise<PartitionReplay> {
  const { subjects, logic, from, to, change } = options;
  const { service } = logic;
  const filters = [subjects.input(service, partition)];
  if (service === "learner") filters.push(subjects.samples(partition));
  const run = runOf(options, logic, partition, partitions);
  const other = change && runOf(options, withSettings(logic, change), partition, partitions);
  const isWanted = isPublic(subjects, service);
  const outputs: Effect[] = [];
  const changed: Effect[] = [];
  let messages = 0;
  let trimmed = false;
  for await (const message of streamStored(connection, {
    stream: inputStreamOf(service),
    filters,
  })) {
    const { seq } = message;
    if (messages === 0) trimmed = seq > after.first_seq && after.first_seq > 0;
    const isBehind = seq > after.input_seq;
    if (storedAt(message) > to || (isBehind && after.outputs_done === 0)) break;
    if (++messages % PROGRESS_EVERY === 0) onMessages(messages);
    const isInside = storedAt(message) >= from;
    // Of an input with more outputs than one commit carries, the first are stored before the position moves.
    const room = isBehind ? after.outputs_done : Number.POSITIVE_INFINITY;
    for (const { subject, data } of run(message).slice(0, room))
      if (isWanted(subject))
        outputs.push(
          isInside
            ? { subject, data, required: seq <= before.input_seq }
            : { subject, data: NO_DATA, key: effectKey(subject, data), required: false },
        );
    for (const { subject, data } of other?.(message) ?? [])
      if (isInside && isWanted(subject)) changed.push({ subject, data });
    if (isBehind) break;
  }
  onMessages(messages);
  return { messages, failures: run.failures(), trimmed, outputs, changed };
}

const NO_DATA = new Uint8Array();

/** A fresh partition that folds messages. */
function runOf<State, Input>(
  { subjects }: ReplayOptions<State, Input>,
  logic: PartitionLogic<State, Input>,
  partition: number,
  partitions: number,
) {
  const uncounted = { name: "unused", help: "unused", registers: [] };
  const folder = new InputFolder<State, Input>({
    subjects,
    logic,
    partition,
    partitions,
    metrics: {
      inputs: new Counter(uncounted),
      rejected: new Counter({ ...uncounted, labelNames: ["code"] }),
    },
    log: pino({ level: "silent" }),
    onFolded: () => {},
  });
  const state = logic.create(partition);
  return Object.assign((message: JsMsg) => folder.fold(state, message, true), {
    failures: () => folder.failures,
  });
}
