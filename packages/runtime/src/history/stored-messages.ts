import { setImmediate } from "node:timers/promises";
import { MessageError } from "@mapek/core/messages";
import { type Consumer, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";
import type { Connection } from "../nats/connect.ts";
import { ReadingGate } from "./reading-gate.ts";

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  /** Of the connection's memory: to be copied where it is kept. */
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
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

export interface StoredAnswer<T> {
  /** What was made of the messages, in the order of the stream. */
  readonly items: readonly T[];
  /** Whether there were more than `most`: the oldest are missing. */
  readonly cut: boolean;
}

/** A reading that takes longer gives up. */
const READ_MS = 4_000;
/** Longest time that a reading keeps the event loop to itself. */
const SLICE_MS = 4;
/** Readings at a time in a process, and those that may wait. */
const gate = new ReadingGate(2, 64);
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
 * Reads the newest stored messages that match, up to what was stored when it was asked; two readings at a time in a process.
 *
 * @param make What is kept of a message: nothing, or what it becomes.
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand them out in four seconds; MAPEK_OVERLOADED
 * where 64 readings wait already.
 * Cost: about 10 µs a message beside `make`, in slices of 4 ms; where there are more than `most`, some 20 questions to
 * the server before that.
 */
export async function readStored<T>(
  connection: Connection,
  query: StoredQuery,
  make: (message: StoredMessage) => readonly T[],
): Promise<StoredAnswer<T>> {
  const { stream } = query;
  return await gate.pass(() =>
    orUnavailable(stream, async () => {
      const { consumer, pending, cut } = await openNewest(connection, query);
      const items: T[] = [];
      const deadline = performance.now() + READ_MS;
      let sliceEnds = performance.now() + SLICE_MS;
      let read = 0;
      for await (const { seq, subject, data, headers, info } of taken(
        connection,
        consumer,
        pending,
      )) {
        const storedAt = Math.floor(info.timestampNanos / 1e6);
        items.push(...make({ seq, subject, data, headers, storedAt }));
        read++;
        const now = performance.now();
        if (now > deadline) {
          const why = `${stream}: ${read} of ${pending} messages read in ${READ_MS / 1_000} s: ask for less`;
          throw new MessageError("MAPEK_REQUEST_UNAVAILABLE", why);
        }
        if (now < sliceEnds) continue;
        // Messages that were read already come without a turn of the event loop.
        await setImmediate();
        sliceEnds = performance.now() + SLICE_MS;
      }
      return { items, cut };
    }),
  );
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
