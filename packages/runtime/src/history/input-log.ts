import { type ActorService, decodeMsgpack, partitionOf } from "@mapek/core/messages";
import { inputsOf } from "../doors/input-bundle.ts";
import { STREAMS } from "../nats/streams.ts";
import type { ServiceContext } from "../service.ts";
import { readStored } from "./stored-messages.ts";

/** A stored input of an actor: when it happened, what it is, and its body as it was written. */
export interface StoredInput {
  readonly seq: number;
  /** Event time, ms. */
  readonly time: number;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Most stored messages of inputs that one request looks at: the newest. */
const MOST_READ = 20_000;

/**
 * The stored inputs of the partition in which a key's actor lives, but for samples and ticks, oldest first: the newest
 * 20,000 messages are looked at.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE.
 */
export async function readInputs(
  { connection, subjects, config }: ServiceContext,
  service: ActorService,
  key: string,
): Promise<StoredInput[]> {
  const partition = partitionOf(key, config.streams.partitions);
  const { messages } = await readStored(connection, {
    stream: STREAMS.knowledge,
    filters: [subjects.input(service, partition)],
    most: MOST_READ,
  });
  return messages.flatMap(({ seq, data }) =>
    inputsOf(data).flatMap((input) => {
      const body = decodeMsgpack(input) as StoredInput["body"];
      const kind = body.kind as string;
      return kind === "tick" ? [] : [{ seq, time: body.time as number, kind, body }];
    }),
  );
}
