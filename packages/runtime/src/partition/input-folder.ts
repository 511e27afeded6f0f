import type { Subjects } from "@mapek/core/contract";
import type { JsMsg } from "@nats-io/jetstream";
import type { Output, PartitionLogic } from "../actor.ts";
import type { HasFolded } from "../checkpoint/saved-at.ts";
import { deadLetter } from "../doors/dead-letters.ts";
import { inputsOf } from "../doors/input-bundle.ts";
import { causeOf } from "../history/cause.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Publication } from "../nats/atomic-batch.ts";
import { inputStreamOf } from "../nats/streams.ts";
import { publicationsOf } from "./publication.ts";

export interface InputFolderOptions<State, Input> {
  readonly subjects: Subjects;
  readonly logic: PartitionLogic<State, Input>;
  readonly partition: number;
  readonly partitions: number;
  readonly metrics: Pick<Metrics, "inputs" | "rejected">;
  readonly log: Logger;
  /**
   * Called for each input that is folded for the first time, not for a replayed one. `ageMs`: milliseconds since the
   * input was stored.
   */
  readonly onFolded: (input: Input, outputs: readonly Output[], ageMs: number) => void;
}

/** One of the inputs that a stored message holds. */
interface StoredPart {
  readonly message: JsMsg;
  readonly data: Uint8Array;
  /** Index in the message, from 0. */
  readonly part: number;
}

/**
 * An actor that puts out more bytes than this counts as failed: a server with default limits would refuse the commit
 * each time, and the partition would never get past the input.
 */
const MAX_OUTPUT_BYTES = 1_000_000;

/** Folds stored inputs into the actors of a partition and turns their outputs into messages. */
export class InputFolder<State, Input> {
  readonly #options: InputFolderOptions<State, Input>;

  readonly #inputSubject: string;
  #failures = 0;

  constructor(options: InputFolderOptions<State, Input>) {
    this.#options = options;
    this.#inputSubject = options.subjects.input(options.logic.service, options.partition);
  }

  /** Number of inputs on which an actor threw. Its changes up to the throw stay in the state. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * Folds the inputs of one stored message into `state`, in order. An input that is refused, or on which an actor
   * throws, becomes a dead letter; a replay refuses the same inputs.
   *
   * @param fresh False in a replay: the outputs are stored already, so none are returned.
   * @param hasFolded Actors that the checkpoint holds in a later state, which skip the input.
   */
  fold(state: State, message: JsMsg, fresh: boolean, hasFolded?: HasFolded): Publication[] {
    let inputs: readonly Uint8Array[];
    try {
      inputs = message.subject === this.#inputSubject ? inputsOf(message.data) : [message.data];
    } catch (error) {
      const stored = { message, data: message.data, part: 0 };
      return this.#refuse(stored, fresh, "MAPEK_MESSAGE_MALFORMED", String(error));
    }
    this.#options.metrics.inputs.inc(inputs.length);
    const [only] = inputs;
    if (inputs.length === 1 && only !== undefined)
      return this.#foldOne(state, { message, data: only, part: 0 }, fresh, hasFolded);
    return inputs.flatMap((data, part) =>
      this.#foldOne(state, { message, data, part }, fresh, hasFolded),
    );
  }

  #foldOne(
    state: State,
    stored: StoredPart,
    fresh: boolean,
    hasFolded: HasFolded | undefined,
  ): Publication[] {
    const { logic, log, partition } = this.#options;
    const { message, data } = stored;
    try {
      const decoded = logic.decode(message.subject, data);
      if (!decoded.ok) return this.#refuse(stored, fresh, decoded.error.code, decoded.error.detail);
      const outputs = logic.receive(state, decoded.value, hasFolded);
      if (!fresh) return [];
      const publications = this.#publicationsOf(outputs, stored);
      this.#measure(decoded.value, outputs, message);
      return publications;
    } catch (error) {
      this.#failures++;
      if (fresh)
        log.error({ partition, seq: message.seq, err: error }, "an actor failed on an input");
      return this.#refuse(stored, fresh, "MAPEK_ACTOR_FAILED", String(error));
    }
  }

  /**
   * Turns outputs into messages. Every public output carries its cause in a header; an input for another actor carries
   * the action's id in its body instead.
   */
  #publicationsOf(outputs: readonly Output[], { message, part }: StoredPart): Publication[] {
    if (outputs.length === 0) return [];
    const { subjects, partitions, logic } = this.#options;
    const cause = causeOf(inputStreamOf(logic.service), message, part);
    const publications = outputs
      .flatMap((output) => publicationsOf(output, subjects, partitions))
      .map((publication) => (publication.isInput ? publication : { ...publication, cause }));
    const large = publications.find(({ data }) => data.length > MAX_OUTPUT_BYTES);
    if (large !== undefined)
      throw new RangeError(`an output of ${large.data.length} bytes, at most ${MAX_OUTPUT_BYTES}`);
    return publications;
  }

  /** An error in a metric must not change what is stored, so it is only logged. */
  #measure(input: Input, outputs: readonly Output[], message: JsMsg): void {
    const { log, onFolded, partition } = this.#options;
    try {
      onFolded(input, outputs, Date.now() - message.info.timestampNanos / 1e6);
    } catch (error) {
      log.error({ partition, seq: message.seq, err: error }, "a metric was not taken");
    }
  }

  #refuse(stored: StoredPart, fresh: boolean, code: string, reason: string): Publication[] {
    if (!fresh) return [];
    const { message, data } = stored;
    const { logic, metrics } = this.#options;
    metrics.rejected.inc({ code });
    const { service } = logic;
    const timestamp = Math.floor(message.info.timestampNanos / 1e6);
    const letter = deadLetter(service, code, reason, message.subject, data, timestamp);
    const output = { to: "log", family: "rejected", tokens: [service], message: letter } as const;
    return this.#publicationsOf([output], stored);
  }
}
