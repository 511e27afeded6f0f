export type { ConvertedSample } from "./convert/conversion.ts";
export { Converter } from "./convert/converter.ts";
export {
  type FormatOutcome,
  type FormatRequest,
  type HttpFormat,
  plainAnswer,
} from "./http-format.ts";
export { HTTP_FORMATS } from "./http-formats.ts";
export { parseLineProtocol } from "./line-protocol/line-protocol.ts";
export { readTelegraf } from "./line-protocol/read-telegraf.ts";
export { namePattern } from "./name-pattern.ts";
export { decodeOtlp, parseOtlp } from "./otlp/otlp.ts";
export { readOtlp } from "./otlp/read-otlp.ts";
export { parseExposition } from "./prometheus/exposition.ts";
export { parseRemoteWrite } from "./prometheus/remote-write.ts";
export { SnappyError, unpackSnappy } from "./prometheus/snappy.ts";
export { malformed } from "./read-body.ts";
export type { Parsed, Reading } from "./reading.ts";
export { parseStatsd } from "./statsd/statsd.ts";
export { StatsdWindow } from "./statsd/statsd-window.ts";
export { parseTelegrafJson } from "./telegraf-json/telegraf-json.ts";
