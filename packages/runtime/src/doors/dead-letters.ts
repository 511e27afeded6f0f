import {
  type MessageError,
  REJECTED_PAYLOAD_BYTES,
  type Rejected,
  rejected,
  type Service,
  type Subjects,
} from "@mapek/core/contract";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Metrics } from "../metrics.ts";

/** Longest reason and longest subject of a dead letter, characters. */
const TEXT_LENGTH = 1_000;

/** Makes a dead letter; of the payload it keeps the first `REJECTED_PAYLOAD_BYTES`. */
export function deadLetter(
  service: Service,
  code: string,
  reason: string,
  subject: string,
  payload: Uint8Array,
  timestamp: number,
): Rejected {
  return {
    version: 1,
    service,
    code,
    reason: reason.slice(0, TEXT_LENGTH),
    subject: subject.slice(0, TEXT_LENGTH),
    payload: Buffer.from(payload.subarray(0, REJECTED_PAYLOAD_BYTES)).toString("base64"),
    payload_bytes: payload.length,
    timestamp,
  };
}

/** Dead letters stored per second in the long run, and most at once after a quiet time. */
const PER_SECOND = 100;
const BURST = 500;

/**
 * Stores the messages that a front door refused, as dead letters. Every refusal is counted. Above 100 per second the
 * further ones are only counted: a faulty publisher must not fill the knowledge stream.
 */
export class DeadLetters {
  readonly #nc: NatsConnection;
  readonly #subjects: Subjects;
  readonly #service: Service;
  readonly #metrics: Metrics;
  #allowance = BURST;
  #refilledAt = performance.now();

  constructor(nc: NatsConnection, subjects: Subjects, service: Service, metrics: Metrics) {
    this.#nc = nc;
    this.#subjects = subjects;
    this.#service = service;
    this.#metrics = metrics;
  }

  /** Counts a refusal and stores it. Cost: O(1); the publish is not awaited. */
  add(subject: string, payload: Uint8Array, error: MessageError): void {
    this.#metrics.rejected.inc({ code: error.code });
    if (!this.#allowed()) {
      this.#metrics.deadLettersDropped.inc();
      return;
    }
    const letter = deadLetter(
      this.#service,
      error.code,
      error.detail,
      subject,
      payload,
      Date.now(),
    );
    this.#nc.publish(this.#subjects.log("rejected", this.#service), rejected.encode(letter));
  }

  #allowed(): boolean {
    const now = performance.now();
    this.#allowance = Math.min(
      BURST,
      this.#allowance + ((now - this.#refilledAt) / 1_000) * PER_SECOND,
    );
    this.#refilledAt = now;
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}
