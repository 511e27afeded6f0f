import { isTimestamp, type MessageError, type MessageErrorCode } from "@mapek/core/contract";
import type { DeadLetters } from "@mapek/runtime";
import type { Msg } from "@nats-io/transport-node";
import type { Receipt } from "./receipt.ts";

/** The refused samples of one message: the answer names each, one dead letter stands for all. */
export class Rejects {
  readonly #deadLetters: DeadLetters;
  readonly #message: Msg;
  readonly #receipt: Receipt | undefined;
  #first: MessageError | undefined;

  constructor(deadLetters: DeadLetters, message: Msg, receipt: Receipt | undefined) {
    this.#deadLetters = deadLetters;
    this.#message = message;
    this.#receipt = receipt;
  }

  add(index: number, error: MessageError): void {
    this.#first ??= error;
    this.#receipt?.reject(index, error.code, error.detail);
  }

  report(): void {
    if (this.#first !== undefined)
      this.#deadLetters.add(this.#message.subject, this.#message.data, this.#first);
  }
}

/** Error code of a sample in columns; undefined for a sound one. @param time ms; NaN: none given. @param latest Latest allowed time, ms. */
export function faultOf(value: number, time: number, latest: number): MessageErrorCode | undefined {
  if (!Number.isFinite(value)) return "MAPEK_SAMPLE_NOT_FINITE";
  if (Number.isNaN(time)) return undefined;
  if (!isTimestamp(time)) return "MAPEK_SAMPLE_BAD_TIMESTAMP";
  return time > latest ? "MAPEK_SAMPLE_IN_FUTURE" : undefined;
}
