import { type InputReply, MessageError } from "@mapek/core/contract";

/** Number of rejected samples that one answer names. */
const MAX_NAMED = 1_000;
/** Characters of a rejection's reason: an answer with 1,000 rejections fits in a message of 1 MiB. */
const MAX_REASON = 120;

/** Called once with the answer; `failure` is set where not everything was stored. */
type Respond = (reply: InputReply, failure: MessageError | undefined) => void;

/** Counts the accepted and rejected samples of one message, and answers once all batches with its samples are settled. */
export class Receipt {
  readonly #respond: Respond | undefined;
  readonly #rejected: InputReply["rejected"] = [];
  #accepted = 0;
  #untaught: number | undefined;
  #batches = 0;
  #closed = false;
  #failure: MessageError | undefined;

  /** @param respond Sends the answer; undefined where nobody waits for one. */
  constructor(respond: Respond | undefined) {
    this.#respond = respond;
  }

  accept(): void {
    this.#accepted++;
  }

  /** Sets `not_taught` of the answer: samples of history older than the newest of their series; undefined where unknown. */
  tellUntaught(samples: number | undefined): void {
    this.#untaught = samples;
  }

  reject(index: number, code: string, message: string): void {
    if (this.#rejected.length >= MAX_NAMED) return;
    this.#rejected.push({ index, code, message: message.slice(0, MAX_REASON) });
  }

  /** Counts one more batch that holds samples of this message. */
  joined(): void {
    this.#batches++;
  }

  /** Counts a batch as stored, or as given up with `failure`. */
  settled(failure: Error | undefined): void {
    this.#batches--;
    if (failure !== undefined)
      this.#failure ??= new MessageError(
        "MAPEK_NOT_STORED",
        `${failure.message}: send the whole message again`,
        { cause: failure },
      );
    this.#answerIfDone();
  }

  /** Marks that all samples of the message are accepted or rejected: from here on the answer may go out. */
  close(): void {
    this.#closed = true;
    this.#answerIfDone();
  }

  #answerIfDone(): void {
    if (!this.#closed || this.#batches > 0 || this.#respond === undefined) return;
    const failure = this.#failure;
    const untaught = this.#untaught === undefined ? {} : { not_taught: this.#untaught };
    const reply: InputReply =
      failure === undefined
        ? { accepted: this.#accepted, rejected: this.#rejected, ...untaught }
        : { accepted: 0, rejected: [{ index: 0, code: failure.code, message: failure.detail }] };
    this.#respond(reply, failure);
  }
}
