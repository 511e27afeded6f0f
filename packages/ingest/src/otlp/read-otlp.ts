import { MessageError } from "@mapek/core/contract";
import { isJson, malformed, readJson, readProtobuf } from "../read-body.ts";
import type { Parsed } from "../reading.ts";
import { decodeOtlp, parseOtlp } from "./otlp.ts";

/** Reads OTLP as JSON where the body begins with a brace, else as protobuf. */
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
