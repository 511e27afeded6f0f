import { decodeBody, MessageError } from "@mapek/core/contract";
import type { Parsed } from "./reading.ts";

const BRACE = 0x7b;

/** True where a body is JSON. Only a brace decides: a protobuf message may begin with a newline. */
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

/** Runs a protobuf reader; an error that it throws becomes MAPEK_MESSAGE_MALFORMED. */
export function readProtobuf<T>(read: () => T): T | MessageError {
  try {
    return read();
  } catch (cause) {
    return malformed(`not such a protobuf message: ${(cause as Error).message}`);
  }
}
