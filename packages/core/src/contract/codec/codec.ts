import { Packr, Unpackr } from "msgpackr";
import type { z } from "zod";
import { accepted, type Decoded, refused } from "../errors.ts";
import { jsonFault, msgpackFault } from "./payload-scan.ts";

/** Content types that a publisher may name in a `Content-Type` header. */
export const JSON_TYPE = "application/json";
export const MSGPACK_TYPE = "application/msgpack";

const packr = new Packr({ useRecords: false, variableMapSize: true });
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });
const utf8 = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

export const encodeJson = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** Encodes plain data as MessagePack into a new array. A `Uint8Array` becomes binary; other typed arrays are not allowed. */
export const encodeMsgpack = (value: unknown): Uint8Array => packr.pack(value);

/**
 * Reads MessagePack that the house has written. Bytes from outside may declare more items than the payload holds and must go
 * through {@link decodeBody}, which checks the bytes first.
 *
 * @throws RangeError or Error on malformed bytes.
 */
export const decodeMsgpack = (bytes: Uint8Array): unknown => unpackr.unpack(bytes);

/**
 * Reads a payload as JSON, MessagePack or a bare number as text. The content type decides where one is given; otherwise the
 * first byte decides (MessagePack maps and arrays start with 0x80 or above, text does not).
 */
export function decodeBody(bytes: Uint8Array, contentType?: string): Decoded<unknown> {
  const first = bytes[0];
  if (first === undefined) return refused("MAPEK_MESSAGE_MALFORMED", "payload is empty");
  const isMsgpack = contentType ? contentType.includes("msgpack") : first >= 0x80;
  const fault = isMsgpack ? msgpackFault(bytes) : jsonFault(bytes);
  if (fault !== undefined)
    return refused("MAPEK_MESSAGE_MALFORMED", `${isMsgpack ? "MessagePack" : "JSON"}: ${fault}`);
  try {
    if (isMsgpack) return accepted(decodeMsgpack(bytes));
    return accepted(JSON.parse(utf8.decode(bytes)));
  } catch (cause) {
    const kind = isMsgpack ? "MessagePack" : "JSON";
    return refused(
      "MAPEK_MESSAGE_MALFORMED",
      `not ${kind}: ${(cause as Error).message.slice(0, 120)}`,
      cause,
    );
  }
}

/**
 * A family of messages: its name, its schema and the codecs that follow from it.
 *
 * Law: `decode(encode(x))` equals `x` for every `x` that the schema accepts, in both encodings.
 */
export interface MessageFamily<Schema extends z.ZodType> {
  /** `mapek.<family>.v<major>`: the name of its JSON Schema. */
  readonly name: string;
  readonly schema: Schema;
  encode(value: z.input<Schema>): Uint8Array;
  encodeMsgpack(value: z.input<Schema>): Uint8Array;
  /** Never throws. Cost: one parse and one validation. */
  decode(bytes: Uint8Array, contentType?: string): Decoded<z.output<Schema>>;
  /** Validates a decoded body. */
  check(body: unknown): Decoded<z.output<Schema>>;
}

export function defineMessage<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
): MessageFamily<Schema> {
  const check = (body: unknown): Decoded<z.output<Schema>> => {
    const version = versionOf(body);
    if (version !== undefined && version !== 1)
      return refused(
        "MAPEK_MESSAGE_UNKNOWN_VERSION",
        `${name} has version ${JSON.stringify(version)?.slice(0, 60)}, this reader knows 1`,
      );
    const result = schema.safeParse(body);
    if (result.success) return accepted(result.data);
    return refused("MAPEK_MESSAGE_INVALID", `${name}: ${issuesText(result.error)}`);
  };
  return {
    name,
    schema,
    encode: encodeJson,
    encodeMsgpack,
    check,
    decode(bytes, contentType) {
      const body = decodeBody(bytes, contentType);
      return body.ok ? check(body.value) : body;
    },
  };
}

function versionOf(body: unknown): unknown {
  return typeof body === "object" && body !== null && "version" in body ? body.version : undefined;
}

/** The first three issues of a failed validation, each with the path of its field. */
export function issuesText(error: z.ZodError): string {
  const texts = error.issues.slice(0, 3).map((issue) => {
    const path = issue.path.map(String).join(".");
    return path === "" ? issue.message : `${path}: ${issue.message}`;
  });
  return texts.join("; ");
}
