import { type InputReply, MessageError } from "@mapek/core/messages";

/** Most rejected samples that one answer names. */
const MAX_NAMED = 1_000;
/** Most characters of why: an answer with all of them fits in one message of 1 MiB. */
const MAX_REASON = 120;

/** Takes the answer, once: the failure is there where not everything was stored. */
type Respond = (reply: InputReply, failure: MessageError | undefined) => void;

/** What becomes of the samples of one message; its answer goes out once all its batches are settled. */
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

  /** Of history: samples that are older than the newest of their series; undefined where nobody knows. */
  tellUntaught(samples: number | undefined): void {
    this.#untaught = samples;
  }

  reject(index: number, code: string, message: string): void {
    if (this.#rejected.length >= MAX_NAMED) return;
    this.#rejected.push({ index, code, message: message.slice(0, MAX_REASON) });
  }

  /** One more batch holds samples of this message. */
  joined(): void {
    this.#batches++;
  }

  /** A batch is stored, or could not be. */
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

  /** All samples of the message have been looked at. */
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
