import type { OutputEvent } from "@mapek/core/messages";
import type { JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";

/** The stored input that led to an output: the place of its message in its stream, and its own place in that message. */
export type Cause = NonNullable<OutputEvent["cause"]>;

const HEADER = "Mapek-Cause";
/** What the server writes on a message that a stream takes from another: the stream and the sequence there come first. */
const SOURCE_HEADER = "Nats-Stream-Source";

/**
 * Names a stored input so that it can still be found when only its first stream holds it: samples are kept for two windows,
 * what the learner is told longer, in the stream from which its own takes it.
 *
 * @param stream The stream that the message was read from. @param part Place of the input in its message, from 0.
 */
export function causeOf(stream: string, { seq, headers }: JsMsg, part: number): Cause {
  const [origin, place] = headers?.get(SOURCE_HEADER).split(" ") ?? [];
  if (origin && place) return { stream: origin, seq: Number(place), part };
  return { stream, seq, part };
}

export const writeCause = (headers: MsgHdrs, { stream, seq, part }: Cause): void =>
  headers.set(HEADER, `${stream} ${seq} ${part}`);

/** The cause that a stored output carries; undefined of one that was stored before causes were. */
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
