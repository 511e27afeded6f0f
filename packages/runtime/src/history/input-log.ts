import { type ActorService, decodeMsgpack, partitionOf } from "@mapek/core/messages";
import { inputsOf } from "../doors/input-bundle.ts";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import type { Cause } from "./cause.ts";
import { readStored } from "./stored-messages.ts";

/** A stored input of an actor: when it happened, what it is, and its body as it was written. */
export interface StoredInput {
  readonly seq: number;
  /** Its place in the message that holds it, from 0. */
  readonly part: number;
  /** Event time, ms. */
  readonly time: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Most stored messages of inputs that one request looks at: the newest. */
const MOST_READ = 5_000;

/**
 * The stored inputs of the partition in which a key's actor lives, but for samples and ticks, oldest first. The newest
 * 5,000 messages are looked at.
 *
 * @param keep Which of them are kept: settings of the partition, and inputs of all its actors.
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE, MAPEK_OVERLOADED.
 */
export async function readInputs(
  { connection, subjects, config }: ServiceContext,
  service: ActorService,
  key: string,
  keep: (input: StoredInput) => boolean,
): Promise<readonly StoredInput[]> {
  const partition = partitionOf(key, config.streams.partitions);
  const query = {
    stream: STREAMS.knowledge,
    filters: [subjects.input(service, partition)],
    most: MOST_READ,
  };
  const { items } = await readStored(connection, query, (message) =>
    storedInputs(message).filter((input) => input.kind !== "tick" && keep(input)),
  );
  return items;
}

/** The input at a place of the log; undefined where it is no longer stored. */
export async function readInputAt(
  { connection }: ServiceContext,
  { seq, part }: Pick<Cause, "seq" | "part">,
): Promise<StoredInput | undefined> {
  const message = await connection.jsm.streams.getMessage(STREAMS.knowledge, { seq });
  return message === null ? undefined : storedInputs(message)[part];
}

const storedInputs = ({ seq, data }: { seq: number; data: Uint8Array }): StoredInput[] =>
  inputsOf(data).map((encoded, part) => {
    const body = decodeMsgpack(encoded) as StoredInput["body"];
    return { seq, part, time: body.time as number, kind: body.kind as string, body };
  });
