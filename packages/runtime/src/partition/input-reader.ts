import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
} from "@nats-io/jetstream";
import type { Logger } from "../log.ts";
import type { Connection } from "../nats/connect.ts";
import { linkOf } from "../nats/link.ts";
import { Wakeup } from "./wakeup.ts";

const RETRY_MS = 100;
const STREAM_NOT_FOUND = 10059;

/** Interval of the consumer's heartbeats; two or three missing ones mean that its server is lost. */
const IDLE_HEARTBEAT_MS = 1_000;

/** Time after which the client asks for messages again when the server did not answer, as in a restart. */
const PULL_EXPIRES_MS = 5_000;

/**
 * Bytes that the server may send before the client asks again. 16 partitions together stay below the 64 MiB at which
 * the server disconnects a slow consumer. A message above about a third of this size makes the client wait for a
 * heartbeat.
 */
const FETCH_BYTES = 3 * 1_024 * 1_024;

export interface InputReaderOptions {
  readonly connection: Connection;
  readonly stream: string;
  /** Subjects to read. */
  readonly subjects: readonly string[];
  readonly log: Logger;
}

/**
 * Reads the messages of some subjects of a stream in order. A lost connection, server or leader ends the consumer;
 * another consumer then goes on after the last message, without a gap.
 */
export class InputReader {
  readonly #options: InputReaderOptions;
  readonly #wakeup = new Wakeup();
  #messages: ConsumerMessages | undefined;
  #stopped = false;

  constructor(options: InputReaderOptions) {
    this.#options = options;
  }

  stop(): void {
    this.#stopped = true;
    this.#messages?.stop();
    this.#wakeup.notify();
  }

  /**
   * The messages after a sequence, until {@link stop}.
   *
   * @param after Returns the sequence to go on after, 0 = from the beginning; called for each new consumer.
   * @param onEmpty Called where no message is pending when a consumer is made.
   * @throws {Error} The server's own error where the stream does not exist.
   */
  async *read(after: () => number, onEmpty: () => void): AsyncGenerator<JsMsg> {
    const link = linkOf(this.#options.connection.nc);
    while (!this.#stopped) {
      await link.restored(() => this.#stopped);
      const found = await this.#consumer(after());
      if (found === undefined) continue;
      const { consumer, pending } = found;
      if (pending === 0) onEmpty();
      // The consumer is lost with the connection, which the client may notice late.
      const release = link.onLost(() => this.#messages?.stop());
      try {
        yield* await this.#consume(consumer);
      } finally {
        release();
        this.#messages?.stop();
        // The server keeps a consumer that is not deleted for minutes.
        consumer.delete().catch(() => {});
      }
    }
  }

  /** Makes a consumer; undefined where the server does not answer or the stream has no leader, so that the caller tries again. */
  async #consumer(after: number): Promise<{ consumer: Consumer; pending: number } | undefined> {
    const { connection, stream, subjects, log } = this.#options;
    const start =
      after === 0 ? { deliver_policy: DeliverPolicy.All } : { opt_start_seq: after + 1 };
    try {
      return await linkOf(connection.nc).answer(async () => {
        const consumer = await connection.js.consumers.get(stream, {
          filter_subjects: [...subjects],
          ...start,
        });
        return { consumer, pending: (await consumer.info()).num_pending };
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === STREAM_NOT_FOUND) throw error;
      log.debug({ stream, subjects, err: error }, "no consumer yet");
      await this.#wakeup.wait(RETRY_MS);
      return undefined;
    }
  }

  async #consume(consumer: Consumer): Promise<ConsumerMessages> {
    const { nc } = this.#options.connection;
    const messages = await consumer.consume({
      max_bytes: Math.max(FETCH_BYTES, nc.info?.max_payload ?? 0),
      expires: PULL_EXPIRES_MS,
      idle_heartbeat: IDLE_HEARTBEAT_MS,
    });
    this.#messages = messages;
    if (this.#stopped || !linkOf(nc).connected) messages.stop();
    void stopWithoutHeartbeats(messages);
    return messages;
  }
}

/** Ends a consumer without heartbeats: the library would wait for it to come back, and a new consumer is faster. */
async function stopWithoutHeartbeats(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === "heartbeats_missed") messages.stop();
}
