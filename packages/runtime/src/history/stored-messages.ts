import { MessageError } from "@mapek/core/messages";
import { type Consumer, DeliverPolicy } from "@nats-io/jetstream";
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

const READ_DEADLINE_MS = 4_000;
/** A cut that leaves at least this share of `most` is good enough: each further try asks the server. */
const ENOUGH = 0.75;
const MOST_TRIES = 40;

type Start = { readonly opt_start_seq: number } | { readonly opt_start_time: string } | object;

/**
 * Reads the newest stored messages that match, up to what was stored when it was asked.
 *
 * @throws {MessageError} MAPEK_REQUEST_UNAVAILABLE where the server does not hand them out in four seconds.
 * Cost: about 10 µs a message; where there are more than `most`, some 20 questions to the server before that.
 */
export async function readStored(
  connection: Connection,
  query: StoredQuery,
): Promise<StoredAnswer> {
  try {
    return await readWithin(connection, query, Date.now() + READ_DEADLINE_MS);
  } catch (cause) {
    if (cause instanceof MessageError) throw cause;
    const why = `${query.stream}: ${(cause as Error).message}`;
    throw new MessageError("MAPEK_REQUEST_UNAVAILABLE", why, { cause });
  }
}

async function readWithin(
  { js, jsm }: Connection,
  { stream, filters, storedSince, most }: StoredQuery,
  deadline: number,
): Promise<StoredAnswer> {
  const open = async (start: Start) => {
    const consumer = await js.consumers.get(stream, { filter_subjects: [...filters], ...start });
    return { consumer, pending: (await consumer.info()).num_pending };
  };
  let found = await open(
    storedSince === undefined
      ? { deliver_policy: DeliverPolicy.All }
      : { opt_start_time: new Date(Math.max(0, storedSince)).toISOString() },
  );
  const cut = found.pending > most;
  if (cut) {
    const { state } = await jsm.streams.info(stream);
    let [low, high] = [state.first_seq, state.last_seq];
    for (let tries = 0; tries < MOST_TRIES && high - low > 1; tries++) {
      if (found.pending <= most && found.pending >= most * ENOUGH) break;
      await found.consumer.delete();
      const middle = Math.floor((low + high) / 2);
      found = await open({ opt_start_seq: middle });
      if (found.pending > most) low = middle;
      else high = middle;
    }
  }
  try {
    const messages = await take(found.consumer, found.pending, deadline);
    return { messages: messages.slice(-most), cut };
  } finally {
    // Otherwise the server keeps it for minutes.
    found.consumer.delete().catch(() => {});
  }
}

/** The next `count` messages. A message that is trimmed meanwhile never comes: the deadline ends the wait. */
async function take(consumer: Consumer, count: number, deadline: number): Promise<StoredMessage[]> {
  const taken: StoredMessage[] = [];
  if (count === 0) return taken;
  const messages = await consumer.consume();
  const timer = setTimeout(() => messages.stop(), Math.max(1, deadline - Date.now()));
  try {
    for await (const { seq, subject, data, info } of messages) {
      const storedAt = Math.floor(info.timestampNanos / 1e6);
      taken.push({ seq, subject, data: data.slice(), storedAt });
      if (taken.length >= count) return taken;
    }
  } finally {
    clearTimeout(timer);
    messages.stop();
  }
  throw new MessageError(
    "MAPEK_REQUEST_UNAVAILABLE",
    `${taken.length} of ${count} stored messages read in ${READ_DEADLINE_MS / 1_000} s`,
  );
}
