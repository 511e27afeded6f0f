import { randomUUID } from "node:crypto";
import { type ActorService, encodeMsgpack, partitionOf } from "@mapek/core/contract";
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { expect } from "vitest";
import { startTestServer } from "../../../../test/support/nats.ts";
import { saveState } from "../../../../test/support/state-bytes.ts";
import { ANSWER_MS, waitFor } from "../../../../test/support/wait-for.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { DeadLetters } from "../../src/doors/dead-letters.ts";
import { inputsOf } from "../../src/doors/input-bundle.ts";
import { createLogger } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { type Publication, publishAtomically } from "../../src/nats/atomic-batch.ts";
import { type Connection, connect } from "../../src/nats/connect.ts";
import { ensureStreams } from "../../src/nats/ensure-streams.ts";
import { STREAMS, streamDeclarations, subjectsOf } from "../../src/nats/streams.ts";
import { PartitionHost, type PartitionHostOptions } from "../../src/partition/partition-host.ts";
import { publicationsOf } from "../../src/partition/publication.ts";
import { type CountingInput, type CountingState, countingLogic } from "./counting.ts";

export const PARTITIONS = 3;
const SETTINGS = { step: 2 };
const SERVICE: ActorService = "optimizer";
/** The server's code for a stream that is not there. */
const STREAM_NOT_FOUND = 10059;

/** A private server with all streams, and a connection to look into them; one for all tests of a file. */
export async function startHouse() {
  const server = await startTestServer();
  const config = loadConfig({
    flags: { "nats.url": server.url, "streams.partitions": PARTITIONS },
  });
  const impatient = await connect(config.nats, "test");
  const { nc } = impatient;
  // The product gives up on a server that is slow; a test that looks into it waits.
  const patient = { timeout: ANSWER_MS, checkAPI: false };
  const jsm = await jetstreamManager(nc, patient);
  const connection = { nc, jsm, js: jetstream(nc, patient) };
  return {
    /** Makes all streams anew: for each test an empty house. */
    async clear() {
      const declarations = streamDeclarations(config);
      for (const { name } of declarations) await deleted(jsm, name);
      // The server may still be removing files of the streams before.
      await waitFor("the streams are made", () =>
        ensureStreams(jsm, declarations).then(() => true),
      );
    },
    server,
    config,
    subjects: subjectsOf(config),
    ...connection,
    connection,
    /** The same as the product has it, with its own time-outs. */
    impatient,
    async [Symbol.asyncDispose]() {
      await connection.nc.close();
      await server.stop();
    },
  };
}

/** A stream that could not be deleted, since the server was still writing its files, is deleted once more. */
const deleted = (jsm: JetStreamManager, name: string) =>
  waitFor(`the stream ${name} is gone`, () =>
    jsm.streams.delete(name).then(
      () => true,
      (error) => error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND,
    ),
  );

export type House = Awaited<ReturnType<typeof startHouse>>;

/** A partition host in this process with a connection of its own; disposing of it drains it. */
export async function startHost(
  { config, subjects }: House,
  options: Partial<PartitionHostOptions<CountingState, CountingInput>> = {},
) {
  const owner = `host-${randomUUID().slice(0, 8)}`;
  const connection = await connect(config.nats, owner);
  const metrics = createMetrics("test");
  const log = createLogger("test", "silent");
  const host = new PartitionHost({
    connection,
    subjects,
    logic: countingLogic,
    partitions: PARTITIONS,
    settings: SETTINGS,
    owner,
    memberTtlMs: config.membership.ttl_seconds * 1_000,
    checkpointIntervalMs: 60_000,
    metrics,
    log,
    onFolded: () => {},
    ...options,
  });
  host.start();
  return {
    host,
    owner,
    connection,
    metrics,
    deadLetters: new DeadLetters(connection.nc, subjects, SERVICE, metrics),
    async [Symbol.asyncDispose]() {
      await host.drain();
      await connection.nc.close();
    },
  };
}

/** Stores inputs of systems, as a front door does. */
export async function send(
  { nc, subjects }: House,
  ...inputs: readonly Record<string, unknown>[]
): Promise<void> {
  for (const input of inputs) {
    const subject = subjects.input(SERVICE, partitionOf(String(input.system), PARTITIONS));
    const data = encodeMsgpack({ version: 1, time: Date.now(), ...input });
    await publishAtomically(nc, [{ subject, data }]);
  }
}

export interface Stored {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
}

/** Every message of a stream whose subject matches, oldest first. */
export async function readAll(
  { js }: Pick<Connection, "js">,
  filter: string,
  stream: string = STREAMS.knowledge,
): Promise<Stored[]> {
  const consumer = await js.consumers.get(stream, { filter_subjects: [filter] });
  const found: Stored[] = [];
  if ((await consumer.info()).num_pending === 0) return found;
  for await (const { seq, subject, data, info } of await consumer.consume()) {
    found.push({ seq, subject, data: new Uint8Array(data) });
    if (info.pending === 0) break;
  }
  return found;
}

/** Messages of a stream whose subject matches, counted by the server. */
export async function countOf({ jsm }: Pick<Connection, "jsm">, filter: string): Promise<number> {
  const info = await jsm.streams.info(STREAMS.knowledge, { subjects_filter: filter });
  return Object.values(info.state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Payloads by subject, each in the order given. */
function bySubject(
  messages: readonly { subject: string; data: Uint8Array }[],
): Record<string, string[]> {
  const groups: Record<string, string[]> = {};
  for (const { subject, data } of messages) {
    groups[subject] ??= [];
    groups[subject].push(Buffer.from(data).toString());
  }
  return groups;
}

/** The inputs that a stored message bundles; a malformed one is left out, as it leads to a dead letter. */
export function partsOf<Stored extends Publication>(stored: Stored): Stored[] {
  try {
    return inputsOf(stored.data).map((data) => ({ ...stored, data }));
  } catch {
    return [];
  }
}

/**
 * What the stored inputs lead to when they are folded from zero: the outputs by subject (dead letters
 * aside), and each partition's saved state.
 */
export async function replay(house: House) {
  const outputs: Publication[] = [];
  const states: string[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const state = countingLogic.create(partition);
    const inputs = await readAll(house, house.subjects.input(SERVICE, partition));
    for (const { subject, data } of inputs.flatMap(partsOf)) {
      const input = countingLogic.decode(subject, data);
      if (!input.ok) continue;
      try {
        for (const output of countingLogic.receive(state, input.value))
          outputs.push(...publicationsOf(output, house.subjects, PARTITIONS));
      } catch {
        // A failing actor leads to a dead letter.
      }
    }
    states.push(Buffer.from(saveState(countingLogic, state)).toString("hex"));
  }
  return { outputs: bySubject(outputs), states };
}

/** The outputs of the tests' actor as they are stored, by subject. */
async function storedOutputs(house: House): Promise<Record<string, string[]>> {
  return bySubject(await readAll(house, house.subjects.log("actions", ">")));
}

/** The saved states of a host's partitions. */
const savedStates = (host: PartitionHost<CountingState, CountingInput>): string[] =>
  host.states().map((state) => Buffer.from(saveState(countingLogic, state)).toString("hex"));

/** Names of systems, one a partition. */
export const SYSTEMS: readonly string[] = Array.from({ length: PARTITIONS }, (_, partition) => {
  for (let i = 0; ; i++)
    if (partitionOf(`system-${i}`, PARTITIONS) === partition) return `system-${i}`;
});

/** Inputs with one output each, for the systems in turn. */
export const adds = (from: number, count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: "add",
    system: SYSTEMS[i % SYSTEMS.length],
    value: from + i,
  }));

/** Resolves when so many outputs of the tests' actor are stored. */
export const waitForOutputs = (house: House, count: number) =>
  waitFor(
    `${count} outputs are stored`,
    async () => (await countOf(house, house.subjects.log("actions", ">"))) >= count,
  );

/**
 * Everything that was sent is folded and stored, and outputs and states are those of a replay from
 * zero through the same logic, byte for byte, once each. The log is read anew for each look: a host
 * that restored from before its settings may be writing them once more.
 */
export async function expectNothingLostOrTwice(
  house: House,
  host: PartitionHost<CountingState, CountingInput>,
): Promise<void> {
  await waitFor("outputs and states are those of a replay", async () => {
    const undisturbed = await replay(house);
    expect(savedStates(host)).toEqual(undisturbed.states);
    expect(await storedOutputs(house)).toEqual(undisturbed.outputs);
    return true;
  });
}
