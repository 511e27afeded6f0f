import { decodeBody, MessageError } from "@mapek/core/messages";
import {
  decodeOtlp,
  type Parsed,
  parseLineProtocol,
  parseOtlp,
  parseTelegrafJson,
} from "@mapek/ingest";
import { malformed } from "./protocol-intake.ts";

const BRACE = 0x7b;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Telegraf's JSON where it begins with a brace, line protocol otherwise. @param unitMs Of line protocol's timestamps. */
export function readTelegraf(bytes: Uint8Array, unitMs?: number): Parsed | MessageError {
  if (bytes[0] === BRACE) return readJson(bytes, parseTelegrafJson);
  try {
    const parsed = parseLineProtocol(utf8.decode(bytes), unitMs);
    const isEmpty = parsed.readings.length === 0 && parsed.skipped.size === 0;
    return isEmpty ? malformed("line protocol without a line") : parsed;
  } catch {
    return malformed("line protocol is not UTF-8");
  }
}

/** OTLP as JSON where it begins with a brace, as protobuf otherwise. */
export function readOtlp(
  bytes: Uint8Array,
  resourceLabels: readonly string[],
): Parsed | MessageError {
  const parsed =
    bytes[0] === BRACE
      ? readJson(bytes, (body) => parseOtlp(body, resourceLabels))
      : readProtobuf(() => parseOtlp(decodeOtlp(bytes), resourceLabels));
  if (parsed instanceof MessageError || parsed.fault === undefined) return parsed;
  return parsed.readings.length > 0 ? parsed : malformed(parsed.fault);
}

/** What a reader of protobuf makes of its bytes; that they are none it says by throwing. */
export function readProtobuf<T>(read: () => T): T | MessageError {
  try {
    return read();
  } catch (cause) {
    return malformed(`not such a protobuf message: ${(cause as Error).message}`);
  }
}

function readJson(bytes: Uint8Array, parse: (body: unknown) => Parsed): Parsed | MessageError {
  const body = decodeBody(bytes, "application/json");
  return body.ok ? parse(body.value) : body.error;
}
