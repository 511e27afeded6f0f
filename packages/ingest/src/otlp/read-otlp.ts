import { MessageError } from "@mapek/core/messages";
import { isJson, malformed, readJson, readProtobuf } from "../read-body.ts";
import type { Parsed } from "../reading.ts";
import { decodeOtlp, parseOtlp } from "./otlp.ts";

/** OTLP as JSON where it begins with a brace, as protobuf otherwise. */
export function readOtlp(
  bytes: Uint8Array,
  resourceLabels: readonly string[],
): Parsed | MessageError {
  const parsed = isJson(bytes)
    ? readJson(bytes, (body) => parseOtlp(body, resourceLabels))
    : readProtobuf(() => parseOtlp(decodeOtlp(bytes), resourceLabels));
  if (parsed instanceof MessageError || parsed.fault === undefined) return parsed;
  return parsed.readings.length > 0 ? parsed : malformed(parsed.fault);
}
