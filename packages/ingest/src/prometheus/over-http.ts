import { MessageError, type MessageErrorCode } from "@mapek/core/contract";
import { type FormatRequest, httpFormat } from "../http-format.ts";
import { readProtobuf } from "../read-body.ts";
import type { Parsed } from "../reading.ts";
import { parseRemoteWrite, type RemoteWrite } from "./remote-write.ts";

const WRITE_1 = "prometheus.WriteRequest";
const WRITE_2 = "io.prometheus.write.v2.Request";
const WRITTEN = "X-Prometheus-Remote-Write";

const protoOf = ({ contentType }: FormatRequest): string =>
  /;\s*proto=([\w.]+)/.exec(contentType)?.[1] ?? WRITE_1;

/**
 * Prometheus remote write 1.0 and 2.0. Headers of the answer tell how many samples were written. Rejected samples
 * answer 400, so that the sender does not send them again; the other samples are stored.
 */
export const remoteWriteOverHttp = httpFormat({
  name: "remote_write",
  paths: ["/api/v1/write"],
  accepts: (request) =>
    [WRITE_1, WRITE_2].includes(protoOf(request)) && request.contentEncoding === "snappy",
  read: (bytes, request): RemoteWrite | MessageError =>
    readProtobuf(() => parseRemoteWrite(bytes, protoOf(request) === WRITE_2 ? 2 : 1)),
  answer({ parsed, rejected, failure }) {
    const lost = failure === undefined ? rejected : [];
    const written =
      failure === undefined && parsed !== undefined
        ? Math.max(0, parsed.samples - leftOut(parsed) - lost.length)
        : 0;
    const headers = {
      [`${WRITTEN}-Samples-Written`]: written,
      [`${WRITTEN}-Histograms-Written`]: 0,
      [`${WRITTEN}-Exemplars-Written`]: 0,
    };
    if (failure !== undefined) return { failure, headers };
    const [first] = lost;
    if (first === undefined) return { headers };
    const text = `${lost.length} rejected, the others are stored; ${first.message}`;
    return {
      status: 400,
      headers,
      failure: new MessageError(first.code as MessageErrorCode, text),
    };
  },
});

/** Number of skipped values; staleness markers do not count. */
const leftOut = ({ skipped }: Parsed): number =>
  (skipped.get("not_finite") ?? 0) + (skipped.get("bad_name") ?? 0);
