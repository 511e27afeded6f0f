import { type ActorService, decodeMsgpack, partitionOf } from "@mapek/core/contract";
import { inputsOf } from "../doors/input-bundle.ts";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import type { Cause } from "./cause.ts";
import { orUnavailable, readStored } from "./stored-messages.ts";

/** A stored input of an actor. */
export interface StoredInput {
  readonly seq: number;
  /** Index in its message, from 0. */
  readonly part: number;
  /** Event time, ms. */
  readonly time: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Most stored messages that one request reads: the newest. */
const MOST_READ = 5_000;

/**
 * The stored inputs of the partition of a key, oldest first, without samples and ticks. Reads the newest 5,000
 * messages.
 *
 * @param keep Selects inputs. The partition's log holds inputs of all its actors, and settings.
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

/**
 * The input at a place of the knowledge stream; undefined where it is no longer stored.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE.
 */
export async function readInputAt(
  { connection }: ServiceContext,
  { seq, part }: Pick<Cause, "seq" | "part">,
): Promise<StoredInput | undefined> {
  const message = await orUnavailable(STREAMS.knowledge, () =>
    connection.jsm.streams.getMessage(STREAMS.knowledge, { seq }),
  );
  return message === null ? undefined : storedInputs(message)[part];
}

const storedInputs = ({ seq, data }: { seq: number; data: Uint8Array }): StoredInput[] =>
  inputsOf(data).map((encoded, part) => {
    const body = decodeMsgpack(encoded) as StoredInput["body"];
    return { seq, part, time: body.time as number, kind: body.kind as string, body };
  });
