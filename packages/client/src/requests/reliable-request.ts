import {
  type InputReply,
  inputReply,
  MESSAGE_ERRORS,
  MessageError,
  type MessageErrorCode,
} from "@mapek/core/contract";
import {
  errors,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  RequestError,
} from "@nats-io/transport-node";
import { ClientError } from "../errors.ts";

/** How long a request is tried, ms. */
export interface RetryLimits {
  /** Milliseconds for one attempt. */
  readonly attemptTimeoutMs: number;
  /** Milliseconds after which no further attempt starts. */
  readonly deadlineMs: number;
}

const FIRST_BACKOFF_MS = 20;
const MOST_BACKOFF_MS = 1_000;

/** True for the code of a refusal that may succeed later. */
const isRetryable = (code: string): boolean =>
  code in MESSAGE_ERRORS && MESSAGE_ERRORS[code as MessageErrorCode].consequence === "retry";

/** Turns a service's refusal into an error: a MessageError where the code is in `MESSAGE_ERRORS`, else MAPEK_CLIENT_REFUSED. */
export function refusalOf(code: string, message: string): MessageError | ClientError {
  const detail = message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message;
  return code in MESSAGE_ERRORS
    ? new MessageError(code as MessageErrorCode, detail)
    : new ClientError("MAPEK_CLIENT_REFUSED", `${code}: ${detail}`, { details: { code } });
}

/**
 * Sends the same bytes until a service has stored them. Repeats after a lost answer, after a refusal that may pass and
 * while no service listens, with growing pauses, up to a deadline.
 *
 * @returns The answer, with the items that the service refused for good.
 * @throws {MessageError} MAPEK_OVERLOADED or MAPEK_NOT_STORED where that was the answer to the last attempt.
 * @throws {ClientError} MAPEK_CLIENT_TIMEOUT, MAPEK_CLIENT_NO_SERVICE, MAPEK_CLIENT_BAD_REPLY or MAPEK_CLIENT_CLOSED.
 */
export async function sendUntilStored(
  nc: NatsConnection,
  subject: string,
  data: Uint8Array,
  headers: MsgHdrs,
  limits: RetryLimits,
): Promise<InputReply> {
  return retrying(limits, async () => {
    const answer = await ask(nc, subject, data, limits.attemptTimeoutMs, headers);
    const decoded = inputReply.decode(answer.data);
    if (!decoded.ok)
      throw new ClientError("MAPEK_CLIENT_BAD_REPLY", `${subject}: ${decoded.error.message}`, {
        cause: decoded.error,
      });
    const again = decoded.value.rejected.find((item) => isRetryable(item.code));
    if (again !== undefined) throw refusalOf(again.code, again.message);
    return decoded.value;
  });
}

/** True for an error whose consequence is `retry`: the same request may succeed later. */
export const mayPass = (error: unknown): boolean =>
  (error instanceof MessageError || error instanceof ClientError) && error.consequence === "retry";

/**
 * Repeats `work` while it fails with an error for which `again` is true, with pauses of 20 ms growing to 1 s (± 50 %),
 * up to the deadline.
 */
export async function retrying<T>(
  limits: RetryLimits,
  work: () => Promise<T>,
  again: (error: unknown) => boolean = mayPass,
): Promise<T> {
  const deadline = performance.now() + limits.deadlineMs;
  for (let backoffMs = FIRST_BACKOFF_MS; ; backoffMs = Math.min(backoffMs * 2, MOST_BACKOFF_MS)) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = backoffMs * (0.5 + Math.random());
      if (!again(error) || performance.now() + pauseMs > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

/** Sends one request; errors of the connection become a ClientError. */
export async function ask(
  nc: NatsConnection,
  subject: string,
  data: Uint8Array,
  timeoutMs: number,
  headers?: MsgHdrs,
): Promise<Msg> {
  try {
    return await nc.request(subject, data, {
      timeout: timeoutMs,
      ...(headers !== undefined && { headers }),
    });
  } catch (cause) {
    throw connectionError(subject, cause);
  }
}

function connectionError(subject: string, cause: unknown): ClientError {
  const nobody =
    cause instanceof errors.NoRespondersError ||
    (cause instanceof RequestError && cause.isNoResponders());
  if (nobody)
    return new ClientError("MAPEK_CLIENT_NO_SERVICE", `nobody listens on ${subject}`, { cause });
  if (
    cause instanceof errors.ClosedConnectionError ||
    cause instanceof errors.DrainingConnectionError
  )
    return new ClientError("MAPEK_CLIENT_CLOSED", "the connection is closed", { cause });
  return new ClientError("MAPEK_CLIENT_TIMEOUT", `${subject}: ${(cause as Error).message}`, {
    cause,
  });
}
