export type { ConvertedSample } from "./conversion.ts";
export { Converter } from "./converter.ts";
export { LINE_PRECISIONS, parseLineProtocol } from "./line-protocol.ts";
export { namePattern } from "./name-pattern.ts";
export { decodeOtlp, parseOtlp } from "./otlp.ts";
export type { Parsed, Reading } from "./reading.ts";
export { parseRemoteWrite } from "./remote-write.ts";
export { SnappyError, unpackSnappy } from "./snappy.ts";
export { parseTelegrafJson } from "./telegraf-json.ts";
