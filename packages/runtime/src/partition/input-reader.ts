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

/** A consumer of which nothing is heard for two or three times this long has lost its server. */
const IDLE_HEARTBEAT_MS = 1_000;

/** How long the client waits before it asks for messages anew, where the server did not answer (in a restart). */
const PULL_EXPIRES_MS = 5_000;

/**
 * Bytes that the server may send ahead. 16 partitions together stay below its 64 MiB for a slow
 * consumer; a message of more than about a third of it would make the client wait for a heartbeat.
 */
const FETCH_BYTES = 3 * 1_024 * 1_024;

export interface InputReaderOptions {
  readonly connection: Connection;
  readonly stream: string;
  /** Subjects that are read, in the order of the stream. */
  readonly subjects: readonly string[];
  readonly log: Logger;
}

/**
 * Reads the messages of some subjects of a stream in order, through lost connections, lost servers and lost
 * leaders: where a consumer ends, another goes on after the last message.
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
   * The messages after the sequence that `after` tells when it is asked, 0 = all, until {@link stop}.
   *
   * @param onEmpty Told where there was nothing to read when a consumer was made.
   * @throws {Error} The server's own, where there is no such stream.
   */
  async *read(after: () => number, onEmpty: () => void): AsyncGenerator<JsMsg> {
    const link = linkOf(this.#options.connection.nc);
    while (!this.#stopped) {
      await link.restored(() => this.#stopped);
      const found = await this.#consumer(after());
      if (found === undefined) continue;
      const { consumer, pending } = found;
      if (pending === 0) onEmpty();
      // A consumer ends with the connection: the client may take long to find out.
      const release = link.onLost(() => this.#messages?.stop());
      try {
        yield* await this.#consume(consumer);
      } finally {
        release();
        this.#messages?.stop();
        // Otherwise the server keeps it for minutes.
        consumer.delete().catch(() => {});
      }
    }
  }

  /** Undefined where the server does not answer, or has no leader for the stream: to be tried again. */
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

/** The library waits for a lost consumer to come back; a new one is there sooner. */
async function stopWithoutHeartbeats(messages: ConsumerMessages): Promise<void> {
  for await (const { type } of messages.status()) if (type === "heartbeats_missed") messages.stop();
}
