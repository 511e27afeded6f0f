import { randomUUID } from "node:crypto";
import {
  encodeJson,
  type InputReply,
  JSON_TYPE,
  MessageError,
  TOKEN_PATTERN,
} from "@mapek/core/contract";
import { headers, type NatsConnection } from "@nats-io/transport-node";
import { type RetryLimits, refusalOf, sendUntilStored } from "./reliable-request.ts";

export interface Sender {
  readonly nc: NatsConnection;
  readonly limits: RetryLimits;
  readonly now: () => number;
}

/** A message that was stored. */
export interface Stored extends InputReply {
  /** Id of the message; the server stores a repeated id once within two minutes. */
  readonly id: string;
}

/** Sends one JSON message and resolves once it is stored. Retries carry the same id, so the server stores the message once. */
export async function sendOne(
  sender: Sender,
  subject: string,
  body: object,
  id: string = randomUUID(),
): Promise<Stored> {
  const header = headers();
  header.set("Nats-Msg-Id", id);
  header.set("Content-Type", JSON_TYPE);
  const reply = await sendUntilStored(sender.nc, subject, encodeJson(body), header, sender.limits);
  const [refused] = reply.rejected;
  if (refused !== undefined) throw refusalOf(refused.code, refused.message);
  return { ...reply, id };
}

/** @throws {MessageError} MAPEK_SUBJECT_INVALID where the name of a system cannot be a subject token. */
export function checkSystem(system: string): void {
  if (!TOKEN_PATTERN.test(system))
    throw new MessageError(
      "MAPEK_SUBJECT_INVALID",
      `system ${JSON.stringify(system)}: expected 1–128 characters of A–Z a–z 0–9 _ -`,
    );
}
