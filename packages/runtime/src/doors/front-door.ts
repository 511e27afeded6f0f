import {
  type ActorService,
  type Decoded,
  encodeJson,
  type InputReply,
  type InputSubject,
  isInbox,
  MessageError,
  refused,
  type Subjects,
} from "@mapek/core/contract";
import type { JetStreamClient } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { publishAtomically } from "../nats/atomic-batch.ts";
import { EndpointStats } from "../nats/endpoint-stats.ts";
import { inputPublications } from "../partition/publication.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { InputQueue } from "./input-queue.ts";
import type { LoudRefusals } from "./loud-refusals.ts";
import { type Share, WaitingRoom } from "./waiting-room.ts";

/** The input that a front door stores for a message. */
export interface Admitted {
  /** Decides the partition; null stores the input in every partition. */
  readonly key: string | null;
  readonly input: object;
  /** Id of the input: its actor ignores a repeated one. Only together with a key. */
  readonly id?: string | undefined;
}

/** Validates a public message and turns it into a stored input. `now`: the front door's clock, ms since 1970. */
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
  /** Public subjects to subscribe to. */
  readonly listen: readonly string[];
  readonly admit: Admit;
  /** Largest payload, bytes; a larger one is refused with MAPEK_MESSAGE_TOO_LARGE. @default 1_048_576 */
  readonly maxPayloadBytes?: number;
  /** Messages that may wait to be stored; more are refused with MAPEK_OVERLOADED. @default 16_384 */
  readonly maxWaiting?: number;
  /** While true, messages are refused with MAPEK_OVERLOADED. @default never */
  readonly memoryShort?: () => boolean;
  /** Counts and logs the messages that are refused with MAPEK_OVERLOADED. */
  readonly overloads?: LoudRefusals;
}

const MAX_WAITING = 16_384;
const MAX_WAITING_BYTES = 64 * 1_024 * 1_024;
const MAX_PAYLOAD_BYTES = 1_048_576;

/**
 * Takes the public messages of a service: checks each message, stores it in the partition of its key, and only then
 * replies. A refused message becomes a dead letter, and its sender gets a reply with the error's code.
 */
export class FrontDoor {
  /** One for each subject of `listen`. */
  readonly endpoints: readonly EndpointStats[];
  readonly #options: FrontDoorOptions;
  readonly #queues = new Map<string, InputQueue>();
  readonly #room: WaitingRoom;
  #onIdle: (() => void) | undefined;
  readonly #unsubscribe: () => Promise<unknown>;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#room = new WaitingRoom({
      items: "messages",
      maxItems: options.maxWaiting ?? MAX_WAITING,
      maxBytes: MAX_WAITING_BYTES,
    });
    const queue = `mapek-${options.service}`;
    this.endpoints = options.listen.map((subject) => new EndpointStats(subject, queue));
    const subscriptions = this.endpoints.map((endpoint) =>
      options.nc.subscribe(endpoint.subject, {
        queue,
        callback: (error, message) => {
          if (error === null) void this.#take(message, endpoint);
        },
      }),
    );
    this.#unsubscribe = () =>
      Promise.all(subscriptions.map((subscription) => subscription.drain()));
  }

  /** Takes no further messages, and resolves once all taken messages are stored or refused. */
  async drain(): Promise<void> {
    await this.#unsubscribe();
    if (this.#room.items > 0)
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
  }

  async #take(message: Msg, endpoint: EndpointStats): Promise<void> {
    const began = performance.now();
    const error = await this.#admitAndStore(message);
    endpoint.add(performance.now() - began);
    if (error === undefined) return reply(message);
    endpoint.failed(error.message);
    this.#options.deadLetters.add(message.subject, message.data, error);
    reply(message, error);
  }

  async #admitAndStore(message: Msg): Promise<MessageError | undefined> {
    const subject = this.#options.subjects.parseInput(message.subject);
    if (!subject.ok) return subject.error;
    const share = this.#room.shareOf(subject.value.system);
    const overload = this.#overload(share);
    if (overload !== undefined) return overload;
    const bytes = message.data.length;
    this.#room.enter(share, bytes);
    try {
      const admitted = this.#admit(subject.value, message);
      if (!admitted.ok) return admitted.error;
      await this.#store(admitted.value, message);
      return undefined;
    } catch (cause) {
      return new MessageError("MAPEK_NOT_STORED", (cause as Error).message, { cause });
    } finally {
      this.#room.leave(share, 1, bytes);
      if (this.#room.items === 0) this.#onIdle?.();
    }
  }

  #overload(share: Share): MessageError | undefined {
    const { memoryShort, overloads } = this.#options;
    const overload = memoryShort?.()
      ? new MessageError("MAPEK_OVERLOADED", "memory is short: try later")
      : this.#room.refusal(share, performance.now());
    if (overload !== undefined) overloads?.add(share.system, overload);
    return overload;
  }

  #admit(subject: InputSubject, message: Msg): Decoded<Admitted> {
    const { maxPayloadBytes = MAX_PAYLOAD_BYTES } = this.#options;
    const { length } = message.data;
    if (length > maxPayloadBytes)
      return refused("MAPEK_MESSAGE_TOO_LARGE", `${length} bytes, at most ${maxPayloadBytes}`);
    const contentType = message.headers?.get("Content-Type") || undefined;
    return this.#options.admit(subject, message.data, contentType, Date.now());
  }

  async #store({ key, input, id }: Admitted, message: Msg): Promise<void> {
    const { nc, js, subjects, service, partitions } = this.#options;
    const publications = inputPublications(service, key, input, subjects, partitions);
    const [only, ...others] = publications;
    if (only === undefined || others.length > 0) {
      // No waiting for a leader here: the sender gets MAPEK_NOT_STORED at once and sends again.
      await publishAtomically(nc, publications, { leaderMs: 0 });
      return;
    }
    const sendersId = message.headers?.get("Nats-Msg-Id");
    if (id === undefined && sendersId) {
      // The server finds repeated ids here, not the actor. Service and subject are part of the id, so that equal ids
      // of two systems do not collide.
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
  if (!message.reply || !isInbox(message.reply)) return;
  const rejected =
    error === undefined ? [] : [{ index: 0, code: error.code, message: error.detail }];
  message.respond(encodeJson({ accepted: 1 - rejected.length, rejected } satisfies InputReply));
}
