import type { MessageError } from "@mapek/core/contract";
import { isJson, malformed, readJson } from "../read-body.ts";
import type { Parsed } from "../reading.ts";
import { parseTelegrafJson } from "../telegraf-json/telegraf-json.ts";
import { parseLineProtocol } from "./line-protocol.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads Telegraf's JSON where the body begins with a brace, else line protocol.
 *
 * @param unitMs Unit of line protocol's timestamps, milliseconds.
 */
export function readTelegraf(bytes: Uint8Array, unitMs?: number): Parsed | MessageError {
  if (isJson(bytes)) return readJson(bytes, parseTelegrafJson);
  try {
    const parsed = parseLineProtocol(utf8.decode(bytes), unitMs);
    const isEmpty = parsed.readings.length === 0 && parsed.skipped.size === 0;
    return isEmpty ? malformed("line protocol without a line") : parsed;
  } catch {
    return malformed("line protocol is not UTF-8");
  }
}
