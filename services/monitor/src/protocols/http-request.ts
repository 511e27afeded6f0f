import { promisify } from "node:util";
import { gunzip, type InputType, inflate, type ZlibOptions } from "node:zlib";
import { MessageError, TOKEN_PATTERN } from "@mapek/core/contract";
import { malformed, SnappyError, unpackSnappy } from "@mapek/ingest";
import type { FastifyRequest } from "fastify";

const UNPACK = new Map([
  ["gzip", promisify<InputType, ZlibOptions, Buffer>(gunzip)],
  ["deflate", promisify<InputType, ZlibOptions, Buffer>(inflate)],
]);

/** Header that names the system of a request's metrics. */
const SYSTEM_HEADER = "mapek-system";

/** The system that `?system=` or the header `mapek-system` names; undefined where neither is given. */
export function systemOfRequest(request: FastifyRequest): string | undefined | MessageError {
  const { system } = request.query as { system?: unknown };
  const named = system ?? request.headers[SYSTEM_HEADER];
  if (named === undefined) return undefined;
  if (typeof named === "string" && TOKEN_PATTERN.test(named)) return named;
  return new MessageError(
    "MAPEK_SUBJECT_INVALID",
    "system: expected 1–128 characters of A–Z a–z 0–9 _ -",
  );
}

/**
 * The body of a request, unpacked by its `Content-Encoding`: none, gzip, deflate or snappy.
 *
 * @param maxBytes Limit of the unpacked size; beyond it MAPEK_MESSAGE_TOO_LARGE.
 * @returns undefined for an unknown encoding.
 */
export async function bodyOf(
  { headers, body }: FastifyRequest,
  maxBytes: number,
): Promise<Uint8Array | MessageError | undefined> {
  const bytes = body instanceof Uint8Array ? body : new Uint8Array();
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return bytes;
  try {
    if (encoding === "snappy") return unpackSnappy(bytes, maxBytes);
    return await UNPACK.get(encoding)?.(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const tooLarge =
      error instanceof SnappyError ? error.tooLarge : code === "ERR_BUFFER_TOO_LARGE";
    if (tooLarge) return new MessageError("MAPEK_MESSAGE_TOO_LARGE", `at most ${maxBytes} bytes`);
    return malformed(`not ${encoding}: ${message}`);
  }
}
