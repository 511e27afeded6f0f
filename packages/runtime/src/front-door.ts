import {
  type ActorService,
  type Decoded,
  encodeJson,
  type InputReply,
  type InputSubject,
  MessageError,
  type Subjects,
} from "@mapek/core/messages";
import type { JetStreamClient } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { publishAtomically } from "./atomic-batch.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { InputQueue } from "./input-queue.ts";
import { inputPublications } from "./publication.ts";

/** What a front door stores for a message. */
export interface Admitted {
  /** Decides the partition; null goes to every partition. */
  readonly key: string | null;
  readonly input: object;
  /** Names the input: its actor does a repeated one once. Only with a key. */
  readonly id?: string | undefined;
}

/** Validates a public message and turns it into a stored input. `now` is the door's clock, in ms. */
export type Admit = (
  subject: InputSubject,
  data: Uint8Array,
  contentType: string | undefined,
  now: number,
) => Decoded<Admitted>;

export interface FrontDoorOptions {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly subjects: Subjects;
  readonly service: ActorService;
  readonly partitions: number;
  readonly deadLetters: DeadLetters;
  /** Public subjects to listen on. */
  readonly listen: readonly string[];
  readonly admit: Admit;
  /** Messages that may wait to be stored before senders are told to try later. @default 16_384 */
  readonly maxWaiting?: number;
}

const MAX_WAITING = 16_384;

/**
 * Takes public messages of a service in: validates, stores them in the partition of their key, and
 * only then answers. Refused ones become dead letters and, with a reply subject, a coded answer.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #queues = new Map<string, InputQueue>();
  #waiting = 0;
  #onIdle: (() => void) | undefined;
  readonly #unsubscribe: () => Promise<unknown>;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    const subscriptions = options.listen.map((subject) =>
      options.nc.subscribe(subject, {
        queue: `mapek-${options.service}`,
        callback: (error, message) => {
          if (error === null) void this.#take(message);
        },
      }),
    );
    this.#unsubscribe = () =>
      Promise.all(subscriptions.map((subscription) => subscription.drain()));
  }

  /** Takes nothing more in, and resolves once everything taken in is stored. */
  async drain(): Promise<void> {
    await this.#unsubscribe();
    if (this.#waiting > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
  }

  async #take(message: Msg): Promise<void> {
    const { maxWaiting = MAX_WAITING } = this.#options;
    if (this.#waiting >= maxWaiting) {
      const why = `${this.#waiting} messages wait to be stored: try later`;
      return this.#refuse(message, new MessageError("MAPEK_OVERLOADED", why));
    }
    this.#waiting++;
    try {
      const admitted = this.#admit(message);
      if (!admitted.ok) return this.#refuse(message, admitted.error);
      await this.#store(admitted.value, message);
      reply(message);
    } catch (cause) {
      const why = (cause as Error).message;
      this.#refuse(message, new MessageError("MAPEK_NOT_STORED", why, { cause }));
    } finally {
      if (--this.#waiting === 0) this.#onIdle?.();
    }
  }

  #admit(message: Msg): Decoded<Admitted> {
    const { subjects, admit } = this.#options;
    const subject = subjects.parseInput(message.subject);
    const contentType = message.headers?.get("Content-Type") || undefined;
    return subject.ok ? admit(subject.value, message.data, contentType, Date.now()) : subject;
  }

  #refuse(message: Msg, error: MessageError): void {
    this.#options.deadLetters.add(message.subject, message.data, error);
    reply(message, error);
  }

  async #store({ key, input, id }: Admitted, message: Msg): Promise<void> {
    const { nc, js, subjects, service, partitions } = this.#options;
    const publications = inputPublications(service, key, input, subjects, partitions);
    const [only, ...others] = publications;
    if (only === undefined || others.length > 0) {
      // The sender knows best how long to wait: it is told at once that it may send again.
      await publishAtomically(nc, publications, { leaderMs: 0 });
      return;
    }
    const sendersId = message.headers?.get("Nats-Msg-Id");
    if (id === undefined && sendersId) {
      // Only the server knows this id. It is the sender's own affair: it may not collide with another system's.
      const msgID = `${service}/${message.subject}/${sendersId}`;
      await js.publish(only.subject, only.data, { msgID, retries: 3 });
    } else {
      const msgID = id === undefined ? undefined : `${service}/${id}`;
      await this.#queueOf(only.subject).store(only.data, msgID);
    }
  }

  #queueOf(subject: string): InputQueue {
    let queue = this.#queues.get(subject);
    if (queue === undefined) {
      queue = new InputQueue(this.#options.js, subject);
      this.#queues.set(subject, queue);
    }
    return queue;
  }
}

function reply(message: Msg, error?: MessageError): void {
  if (!message.reply) return;
  const rejected =
    error === undefined ? [] : [{ index: 0, code: error.code, message: error.detail }];
  message.respond(encodeJson({ accepted: 1 - rejected.length, rejected } satisfies InputReply));
}
