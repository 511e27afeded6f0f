import { lineProtocolOverHttp } from "./line-protocol/over-http.ts";
import { otlpOverHttp } from "./otlp/over-http.ts";
import { remoteWriteOverHttp } from "./prometheus/over-http.ts";

/** Every format that is taken in over HTTP. */
export const HTTP_FORMATS = [otlpOverHttp, remoteWriteOverHttp, lineProtocolOverHttp] as const;
