import type { OutputEvent } from "@mapek/core/contract";
import type { JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";

/** Identifies the stored input that led to an output: stream and sequence of its message, and its index in that message. */
export type Cause = NonNullable<OutputEvent["cause"]>;

const HEADER = "Mapek-Cause";
/** Header of a message that a stream sources from another; begins with that stream's name and the sequence there. */
const SOURCE_HEADER = "Nats-Stream-Source";

/**
 * Identifies a stored input in the stream that stored it first. The learner reads commands and settings from a stream
 * that sources them and keeps them for two windows only; the first stream keeps them longer.
 *
 * @param stream The stream that the message was read from.
 * @param part Index of the input in its message, from 0.
 */
export function causeOf(stream: string, { seq, headers }: JsMsg, part: number): Cause {
  const [origin, place] = headers?.get(SOURCE_HEADER).split(" ") ?? [];
  if (origin && place) return { stream: origin, seq: Number(place), part };
  return { stream, seq, part };
}

export const writeCause = (headers: MsgHdrs, { stream, seq, part }: Cause): void =>
  headers.set(HEADER, `${stream} ${seq} ${part}`);

/** The cause in the headers of a stored output; undefined for outputs from before the header existed. */
export function readCause(headers: MsgHdrs | undefined): Cause | undefined {
  const [stream, seq, part] = headers?.get(HEADER).split(" ") ?? [];
  return stream && seq && part ? { stream, seq: Number(seq), part: Number(part) } : undefined;
}

export const isSameCause = (a: Cause | undefined, b: Cause | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.stream === b.stream &&
  a.seq === b.seq &&
  a.part === b.part;
