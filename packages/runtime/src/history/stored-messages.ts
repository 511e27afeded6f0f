import { MessageError } from "@mapek/core/messages";
import { type Consumer, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import type { Connection } from "../nats/connect.ts";

/** A message as a stream holds it. */
interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the server stored it, ms. */
  readonly storedAt: number;
}

/** Which messages of a stream are wanted. */
export interface StoredQuery {
  readonly stream: string;
  /** Subjects with wildcards, none of which overlaps another. */
  readonly filters: readonly string[];
  /** Only those stored at this time (ms) or later; undefined = all. */
  readonly storedSince?: number | undefined;
  /** The newest so many; where there are more, at least three quarters of this. */
  readonly most: number;
}

export interface StoredAnswer {
  /** In the order of the stream. */
  readonly messages: readonly StoredMessage[];
  /** Whether there were more than `most`: the oldest are missing. */
  readonly cut: boolean;
}

/** A reader to which nothing comes for so long, though something should, gives up. */
const SILENCE_MS = 3_000;
/** Bytes that the server may send ahead. */
const FETCH_BYTES = 3 * 1_024 * 1_024;
/** A cut that leaves at least this share of `most` is good enough: each further try asks the server. */
const ENOUGH = 0.75;
const MOST_TRIES = 40;

type Start = { readonly opt_start_seq: number } | { readonly opt_start_time: string } | object;

const startAt = (storedSince: number | undefined): Start =>
  storedSince === undefined
    ? { deliver_policy: DeliverPolicy.All }
    : { opt_start_time: new Date(Math.max(0, storedSince)).toISOString() };

/**
 * Reads the newest stored messages that match, up to what was stored when it was asked.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand them out.
 * Cost: about 10 µs a message; where there are more than `most`, some 20 questions to the server before that.
 */
export async function readStored(
  connection: Connection,
  query: StoredQuery,
): Promise<StoredAnswer> {
  const { stream, most } = query;
  return await orUnavailable(stream, async () => {
    const { consumer, pending, cut } = await openNewest(connection, query);
    const messages: StoredMessage[] = [];
    for await (const { seq, subject, data, info } of taken(connection, consumer, pending)) {
      const storedAt = Math.floor(info.timestampNanos / 1e6);
      messages.push({ seq, subject, data: data.slice(), storedAt });
    }
    return { messages: messages.slice(-most), cut };
  });
}

/**
 * Every stored message that matches, in order, up to what was stored when it was asked; nothing is kept in memory.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand them out.
 */
export async function* streamStored(
  connection: Connection,
  query: Omit<StoredQuery, "most">,
): AsyncGenerator<JsMsg> {
  const { stream, filters, storedSince } = query;
  const { consumer, pending } = await orUnavailable(stream, () =>
    open(connection, stream, filters, startAt(storedSince)),
  );
  yield* taken(connection, consumer, pending);
}

async function orUnavailable<T>(stream: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    const why = `${stream}: ${(cause as Error).message}`;
    throw new MessageError("MAPEK_REQUEST_UNAVAILABLE", why, { cause });
  }
}

interface Opened {
  readonly consumer: Consumer;
  readonly pending: number;
}

async function open(
  { js }: Connection,
  stream: string,
  filters: readonly string[],
  start: Start,
): Promise<Opened> {
  const consumer = await js.consumers.get(stream, { filter_subjects: [...filters], ...start });
  return { consumer, pending: (await consumer.info()).num_pending };
}

/** Where there are too many, asks for the counts from places ever nearer to the right one. */
async function openNewest(
  connection: Connection,
  { stream, filters, storedSince, most }: StoredQuery,
): Promise<Opened & { cut: boolean }> {
  let found = await open(connection, stream, filters, startAt(storedSince));
  if (found.pending <= most) return { ...found, cut: false };
  const { state } = await connection.jsm.streams.info(stream);
  let [low, high] = [state.first_seq, state.last_seq];
  for (let tries = 0; tries < MOST_TRIES && high - low > 1; tries++) {
    if (found.pending <= most && found.pending >= most * ENOUGH) break;
    await found.consumer.delete();
    const middle = Math.floor((low + high) / 2);
    found = await open(connection, stream, filters, { opt_start_seq: middle });
    if (found.pending > most) low = middle;
    else high = middle;
  }
  return { ...found, cut: true };
}

/** The next `count` messages, or fewer where some are trimmed meanwhile; ends the consumer. */
async function* taken(
  { nc }: Connection,
  consumer: Consumer,
  count: number,
): AsyncGenerator<JsMsg> {
  try {
    if (count === 0) return;
    const messages = await consumer.consume({
      max_bytes: Math.max(FETCH_BYTES, nc.info?.max_payload ?? 0),
    });
    const timer = setTimeout(() => messages.stop(), SILENCE_MS);
    let left = count;
    try {
      for await (const message of messages) {
        timer.refresh();
        yield message;
        if (--left === 0 || message.info.pending === 0) return;
      }
    } finally {
      clearTimeout(timer);
      messages.stop();
    }
    const why = `${count - left} of ${count} stored messages came, then none for ${SILENCE_MS / 1_000} s`;
    throw new MessageError("MAPEK_REQUEST_UNAVAILABLE", why);
  } finally {
    // Otherwise the server keeps it for minutes.
    consumer.delete().catch(() => {});
  }
}
