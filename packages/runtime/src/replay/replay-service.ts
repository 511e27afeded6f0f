import {
  type ActorService,
  FAMILIES_OF,
  type Position,
  position,
  type Subjects,
} from "@mapek/core/contract";
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

/** A span of time of storage, ms; both ends are included. */
export interface ReplayWindow {
  readonly from: number;
  readonly to: number;
}

export interface ReplayOptions<State, Input> extends ReplayWindow {
  readonly nc: NatsConnection;
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  /** Replaces the settings of each stored settings message; undefined keeps them. */
  readonly change?: ((settings: object) => object) | undefined;
  /** Called with the number of folded messages, after every 500 and at the end of each partition. */
  readonly onProgress?:
    | ((partition: number, partitions: number, inputs: number) => void)
    | undefined;
}

/** The service whose records are read. */
interface Source {
  readonly subjects: Subjects;
  readonly logic: { readonly service: ActorService };
}

/** Result of {@link replayService}. */
export interface ServiceReplay {
  readonly service: ActorService;
  /** Stored messages that were folded, from the beginning of the log on. */
  readonly messages: number;
  /** Inputs on which an actor threw, as in the original run. */
  readonly failures: number;
  /** Partitions whose first inputs are no longer in the log: their replayed state differs from the original. */
  readonly trimmed: readonly number[];
  /** Public outputs of the inputs in the window, in order, with the stored settings. */
  readonly outputs: readonly Effect[];
  /** The same with changed settings; undefined where none were changed. */
  readonly changed: readonly Effect[] | undefined;
  /** Differences between the stored outputs and those of the replay with the stored settings. */
  readonly differences: readonly OutputDifference[];
}

const PROGRESS_EVERY = 500;

/**
 * Replays a service: folds its stored inputs from the beginning of the log to the end of the window, with the code
 * that its partitions run, and compares the public outputs with the stored ones, byte for byte.
 *
 * Commands and recommendations of other services are replayed as stored. Dead letters are left out, because front
 * doors write some of them too. Inputs that the service has not folded yet are left out.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand the messages out.
 * Cost: the time of folding. Memory: the outputs of the window, and 100 bytes for each output before it. Only reads.
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
  // Inputs up to the positions in `before` must have their outputs in `stored`; outputs in `stored` must come from
  // inputs up to the positions in `after`. A service may fold while this runs, so the positions are read before and
  // after the log.
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

/** A connection with its JetStream clients. */
export const connectionOf = async (nc: NatsConnection): Promise<Connection> => ({
  nc,
  js: jetstream(nc),
  jsm: await jetstreamManager(nc),
});

/** Number of partitions for which the streams were created. */
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
  /** Outputs before the window have no data, only a key. */
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
    // Of an input with more outputs than one commit carries, the first are stored while the position is still before
    // it.
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

/** A function that folds messages into a new state. */
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
