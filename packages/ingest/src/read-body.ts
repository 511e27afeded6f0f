import { decodeBody, MessageError } from "@mapek/core/messages";
import type { Parsed } from "./reading.ts";

const BRACE = 0x7b;

/** Whether a body is meant as JSON: a protobuf may begin with a newline, so only a brace says so. */
export const isJson = (bytes: Uint8Array): boolean => bytes[0] === BRACE;

export const malformed = (what: string): MessageError =>
  new MessageError("MAPEK_MESSAGE_MALFORMED", what);

export function readJson(
  bytes: Uint8Array,
  parse: (body: unknown) => Parsed,
): Parsed | MessageError {
  const body = decodeBody(bytes, "application/json");
  return body.ok ? parse(body.value) : body.error;
}

/** What a reader of protobuf makes of its bytes; that they are none it says by throwing. */
export function readProtobuf<T>(read: () => T): T | MessageError {
  try {
    return read();
  } catch (cause) {
    return malformed(`not such a protobuf message: ${(cause as Error).message}`);
  }
}
