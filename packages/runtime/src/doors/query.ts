import {
  encodeJson,
  isInbox,
  MessageError,
  type MessageErrorCode,
  type Request,
  type Response,
} from "@mapek/core/contract";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { RuntimeError, type RuntimeErrorCode } from "../errors.ts";

/** Body of a query to the owner of one partition. */
export interface QueryBody {
  readonly verb: string;
  /** Null asks about every system of the partition. */
  readonly system: string | null;
  readonly request: Request;
}

/** Answers a request with items, or with the error that `work` threw; never throws. */
export function answer(nc: NatsConnection, message: Msg, work: () => unknown[]): void {
  try {
    respond(nc, message, { items: work() });
  } catch (error) {
    respondError(nc, message, error);
  }
}

/**
 * Sends a response to an inbox; any other reply subject gets nothing. A response larger than the server's
 * `max_payload` becomes MAPEK_REPLY_TOO_LARGE.
 */
export function respond(nc: NatsConnection, message: Msg, response: Response): void {
  if (!message.reply || !isInbox(message.reply)) return;
  const bytes = encodeJson(response);
  const most = nc.info?.max_payload ?? 1_048_576;
  if (bytes.length <= most) message.respond(bytes);
  else
    respondError(
      nc,
      message,
      new MessageError(
        "MAPEK_REPLY_TOO_LARGE",
        `${bytes.length} bytes, at most ${most}: name a metric or a smaller limit`,
      ),
    );
}

export function respondError(nc: NatsConnection, message: Msg, error: unknown): void {
  const code: MessageErrorCode | RuntimeErrorCode =
    error instanceof MessageError || error instanceof RuntimeError ? error.code : "MAPEK_INTERNAL";
  const text =
    error instanceof MessageError
      ? error.detail
      : error instanceof Error
        ? error.message
        : String(error);
  respond(nc, message, { error: { code, message: text.slice(0, 1_000) } });
}
