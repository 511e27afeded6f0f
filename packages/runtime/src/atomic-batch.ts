import {
  headers,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  nuid,
} from "@nats-io/transport-node";
import { RuntimeError } from "./errors.ts";

/** One message to store. */
export interface Publication {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Refuse unless the newest message of this subject has this sequence; 0 = the subject must be empty. */
  readonly expectedLastSubjectSequence?: number;
  /** Keep only this message of its subject. */
  readonly rollup?: boolean;
}

/** Most messages of one atomic batch that the server takes. */
export const MAX_BATCH_MESSAGES = 1_000;

/** The server's codes for "the subject is not where you expected it": somebody else wrote. */
const WRONG_LAST_SEQUENCE = new Set([10071, 10164]);

/**
 * Stores messages of one stream, all or none, in order; one message is a plain publish.
 *
 * The client library's own batch drops expectations and hides the server's error codes, so the
 * headers of ADR-50 are set here.
 *
 * @returns The stream sequence of the first message; the others follow without a gap.
 * @throws {RuntimeError} MAPEK_PARTITION_FENCED when an expectation failed (nothing is stored),
 * MAPEK_BATCH_REFUSED with the server's code for another refusal (nothing is stored),
 * MAPEK_COMMIT_UNKNOWN when no answer came (it may be stored), MAPEK_BATCH_INVALID for bad arguments.
 * Cost: about 1 ms for one message, 7–10 ms for a batch on a file stream, whatever its size up to 100.
 */
export async function publishAtomically(
  nc: NatsConnection,
  messages: readonly Publication[],
  timeoutMs = 10_000,
): Promise<number> {
  const last = messages.at(-1);
  if (last === undefined || messages.length > MAX_BATCH_MESSAGES)
    throw new RuntimeError(
      "MAPEK_BATCH_INVALID",
      `${messages.length} messages, expected 1 to ${MAX_BATCH_MESSAGES}`,
    );
  if (messages.length === 1) return sequenceOf(await ask(nc, last, headersOf(last), timeoutMs));
  const id = nuid.next();
  const batchHeaders = (message: Publication, i: number): MsgHdrs => {
    const built = headersOf(message);
    built.set("Nats-Batch-Id", id);
    built.set("Nats-Batch-Sequence", String(i + 1));
    return built;
  };
  for (let i = 0; i < messages.length - 1; i++) {
    const message = messages[i] as Publication;
    nc.publish(message.subject, message.data, { headers: batchHeaders(message, i) });
  }
  const closing = batchHeaders(last, messages.length - 1);
  closing.set("Nats-Batch-Commit", "1");
  return sequenceOf(await ask(nc, last, closing, timeoutMs)) - messages.length + 1;
}

function headersOf(message: Publication): MsgHdrs {
  const built = headers();
  if (message.expectedLastSubjectSequence !== undefined)
    built.set("Nats-Expected-Last-Subject-Sequence", String(message.expectedLastSubjectSequence));
  if (message.rollup) built.set("Nats-Rollup", "sub");
  return built;
}

async function ask(
  nc: NatsConnection,
  message: Publication,
  built: MsgHdrs,
  timeoutMs: number,
): Promise<Msg> {
  try {
    return await nc.request(message.subject, message.data, { headers: built, timeout: timeoutMs });
  } catch (cause) {
    throw new RuntimeError(
      "MAPEK_COMMIT_UNKNOWN",
      `${message.subject}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function sequenceOf(answer: Msg): number {
  const body = answer.json<{ seq?: number; error?: { err_code: number; description: string } }>();
  if (body.error !== undefined) {
    const { err_code, description } = body.error;
    const code = WRONG_LAST_SEQUENCE.has(err_code)
      ? "MAPEK_PARTITION_FENCED"
      : "MAPEK_BATCH_REFUSED";
    throw new RuntimeError(code, `${description} (server code ${err_code})`, {
      details: { err_code },
    });
  }
  if (body.seq === undefined)
    throw new RuntimeError("MAPEK_COMMIT_UNKNOWN", "the server answered without a sequence");
  return body.seq;
}
