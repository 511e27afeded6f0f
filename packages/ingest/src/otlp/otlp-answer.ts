import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { MessageError } from "@mapek/core/contract";

interface Answer {
  readonly type: string;
  readonly body: Buffer | object;
}

const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";

/** Encodes an `ExportMetricsServiceResponse`; `partial_success` is set only where points were rejected. */
export function otlpSuccess(rejected: number, why: string | undefined, asJson: boolean): Answer {
  const rejectedDataPoints = String(rejected);
  const errorMessage = why ?? "";
  if (asJson)
    return {
      type: JSON_TYPE,
      body: rejected === 0 ? {} : { partialSuccess: { rejectedDataPoints, errorMessage } },
    };
  const writer = new BinaryWriter();
  if (rejected > 0) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int64(rejectedDataPoints);
    writer.tag(2, WireType.LengthDelimited).string(errorMessage).join();
  }
  return { type: PROTOBUF_TYPE, body: Buffer.from(writer.finish()) };
}

/** Encodes a `google.rpc.Status` whose message holds code and reason. */
export function otlpFailure({ code, detail }: MessageError, asJson: boolean): Answer {
  const message = `${code}: ${detail}`;
  if (asJson) return { type: JSON_TYPE, body: { message } };
  const writer = new BinaryWriter().tag(2, WireType.LengthDelimited).string(message);
  return { type: PROTOBUF_TYPE, body: Buffer.from(writer.finish()) };
}
