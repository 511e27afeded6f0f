import type { JetStreamClient } from "@nats-io/jetstream";
import { bundleInputs, MAX_BUNDLE_BYTES, MAX_BUNDLE_INPUTS } from "./input-bundle.ts";

interface Waiting {
  readonly data: Uint8Array;
  readonly msgID: string | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Messages of one partition that may wait for the server's answer at the same time. */
const UNDER_WAY = 2;

/**
 * Stores the inputs of one partition in order. While messages are under way, further inputs gather and are stored
 * together: one input a message under low load, bundles under high load.
 *
 * The server checks the id of an input that is stored alone, but not the ids inside a bundle. So this queue is only
 * for inputs without an id, and for inputs whose actor ignores repeated ids itself.
 */
export class InputQueue {
  readonly #js: JetStreamClient;
  readonly #subject: string;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(js: JetStreamClient, subject: string) {
    this.#js = js;
    this.#subject = subject;
  }

  /** Resolves once the input is stored; rejects where the server does not confirm it. */
  store(data: Uint8Array, msgID: string | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ data, msgID, resolve, reject });
      if (this.#underWay < UNDER_WAY) void this.#send();
    });
  }

  async #send(): Promise<void> {
    this.#underWay++;
    while (this.#waiting.length > 0) {
      const bundle = this.#next();
      try {
        await this.#publish(bundle);
        for (const { resolve } of bundle) resolve();
      } catch (error) {
        for (const { reject } of bundle) reject(error);
      }
    }
    this.#underWay--;
  }

  #next(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { data } of this.#waiting) {
      if (count >= MAX_BUNDLE_INPUTS || (count > 0 && bytes + data.length > MAX_BUNDLE_BYTES))
        break;
      bytes += data.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #publish(bundle: readonly Waiting[]): Promise<void> {
    const data = bundleInputs(bundle.map((input) => input.data));
    const msgID = bundle.length === 1 ? bundle[0]?.msgID : undefined;
    // Retries only with an id: without one, a first attempt whose answer was lost would be stored twice.
    await this.#js.publish(this.#subject, data, msgID === undefined ? {} : { msgID, retries: 3 });
  }
}
