import { ClientError } from "../errors.ts";

/** Counters of a subscription. */
export interface SubscriptionStats {
  /** Messages that arrived and match the filter, refused ones included. */
  readonly received: number;
  /** Messages on which the handler threw or rejected. */
  readonly failed: number;
  /** Messages that are not of their family's form; the handler did not get them. */
  readonly refused: number;
  /** Total time of the handlers until they returned or settled, ms. */
  readonly handlerMs: number;
}

export interface Subscription {
  readonly stats: SubscriptionStats;
  /** Takes no further messages; received ones are still handled. May be called more than once. */
  stop(): Promise<void>;
}

export type Handler<T> = (message: T) => void | Promise<void>;

/**
 * Calls a handler with messages. An error of the handler is counted and reported, and does not stop the next message.
 *
 * Handlers are started in order; an asynchronous one is not awaited before the next starts.
 */
export class ContainedHandler<T> {
  readonly stats = { received: 0, failed: 0, refused: 0, handlerMs: 0 };
  readonly #what: string;
  readonly #handler: Handler<T>;
  readonly #onError: (error: Error) => void;

  /** @param what Name of the subscription in error reports. */
  constructor(what: string, handler: Handler<T>, onError: (error: Error) => void) {
    this.#what = what;
    this.#handler = handler;
    this.#onError = onError;
  }

  refuse(error: Error): void {
    this.stats.received++;
    this.stats.refused++;
    this.#onError(error);
  }

  /** Never throws. */
  handle(message: T): void {
    this.stats.received++;
    const startedAt = performance.now();
    const end = () => {
      this.stats.handlerMs += performance.now() - startedAt;
    };
    let result: void | Promise<void>;
    try {
      result = this.#handler(message);
    } catch (error) {
      end();
      this.#fail(error);
      return;
    }
    if (!(result instanceof Promise)) {
      end();
      return;
    }
    result.then(end, (error: unknown) => {
      end();
      this.#fail(error);
    });
  }

  #fail(cause: unknown): void {
    this.stats.failed++;
    const why = cause instanceof Error ? cause.message : String(cause);
    this.#onError(
      new ClientError("MAPEK_CLIENT_HANDLER_FAILED", `${this.#what}: ${why}`, { cause }),
    );
  }
}
