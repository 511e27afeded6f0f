import { httpFormat } from "../http-format.ts";
import { otlpFailure, otlpSuccess } from "./otlp-answer.ts";
import { readOtlp } from "./read-otlp.ts";

/**
 * OTLP over HTTP, in JSON or protobuf. The answer has the form of the request, with `partialSuccess` where points were
 * rejected.
 */
export const otlpOverHttp = httpFormat({
  name: "otlp",
  paths: ["/v1/metrics"],
  read: (bytes, { resourceLabels }) => readOtlp(bytes, resourceLabels),
  answer({ parsed, rejected, failure }, { contentType }) {
    const asJson = contentType.includes("json");
    if (failure !== undefined) return { failure, ...otlpFailure(failure, asJson) };
    const [first] = rejected;
    const why = first === undefined ? parsed?.fault : `${first.code}: ${first.message}`;
    const malformedPoints = parsed?.skipped.get("malformed") ?? 0;
    return otlpSuccess(rejected.length + malformedPoints, why, asJson);
  },
});
