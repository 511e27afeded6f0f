import { setImmediate } from "node:timers/promises";
import { MessageError } from "@mapek/core/contract";
import { type Consumer, DeliverPolicy, type JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";
import type { Connection } from "../nats/connect.ts";
import { ReadingGate } from "./reading-gate.ts";

/** A message as a stream holds it. */
export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  /** A view of the connection's buffer: copy it to keep it. */
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** When the server stored it, ms. */
  readonly storedAt: number;
}

/** Selects messages of a stream. */
export interface StoredQuery {
  readonly stream: string;
  /** Subjects, with wildcards; no two may overlap. */
  readonly filters: readonly string[];
  /** Only messages stored at this time (ms) or later; undefined = all. */
  readonly storedSince?: number | undefined;
  /** Most messages to read: the newest. Where more match, between three quarters of this number and all of it are read. */
  readonly most: number;
}

export interface StoredAnswer<T> {
  /** What `make` returned, in the order of the stream. */
  readonly items: readonly T[];
  /** True where more than `most` messages match: the oldest are missing. */
  readonly cut: boolean;
}

/** A reading that takes longer fails. */
const READ_MS = 4_000;
/** Longest time for which a reading keeps the event loop, ms. */
const SLICE_MS = 4;
/** Two readings at a time in a process; 64 may wait. */
const gate = new ReadingGate(2, 64);
/** A reading fails after this time without a message while messages are pending. */
const SILENCE_MS = 3_000;
/** Bytes that the server may send before the client asks again. */
const FETCH_BYTES = 3 * 1_024 * 1_024;
/**
 * The search for the start ends once between this share of `most` and `most` itself is pending: each further step asks
 * the server.
 */
const ENOUGH = 0.75;
const MOST_TRIES = 40;

type Start = { readonly opt_start_seq: number } | { readonly opt_start_time: string } | object;

const startAt = (storedSince: number | undefined): Start =>
  storedSince === undefined
    ? { deliver_policy: DeliverPolicy.All }
    : { opt_start_time: new Date(Math.max(0, storedSince)).toISOString() };

/**
 * Reads the newest matching messages, up to the last one stored at the start. Two readings at a time in a process.
 *
 * @param make Turns a message into what is kept of it; an empty list keeps nothing.
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand the messages out within 4 s;
 * MAPEK_OVERLOADED where 64 readings wait already.
 * Cost: about 10 µs for each message beside `make`, in slices of 4 ms. Where more than `most` match, a binary search
 * comes first, with three requests for each of at most 40 steps.
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
        // Messages that are in memory already arrive without a turn of the event loop.
        await setImmediate();
        sliceEnds = performance.now() + SLICE_MS;
      }
      return { items, cut };
    }),
  );
}

/**
 * Every matching message, in order, up to the last one stored at the start. Keeps no message in memory.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand the messages out.
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

/** @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server refuses or does not answer. */
export async function orUnavailable<T>(stream: string, work: () => Promise<T>): Promise<T> {
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

/**
 * Opens a consumer on the newest `most` messages. The server cannot begin at the n-th message from the end, so a
 * binary search over sequences compares the numbers of pending messages.
 */
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

/** The next `count` messages, or fewer where the stream drops some meanwhile; deletes the consumer at the end. */
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
    // The server keeps a consumer that is not deleted for minutes.
    consumer.delete().catch(() => {});
  }
}
