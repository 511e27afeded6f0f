import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** The encoding of a field. `marked` is a double, or null for Prometheus' staleness marker. */
type Scalar =
  | "double"
  | "marked"
  | "string"
  | "bool"
  | "uint"
  | "int"
  | "sint"
  | "fixed64"
  | "sfixed64";

/** A field of a message: its name in JSON, and a scalar or a message as its type. */
interface Field {
  readonly name: string;
  readonly type: Scalar | MessageFields;
  readonly repeated?: true;
}

/** The fields of a message to read, by number; all others are skipped. */
export interface MessageFields {
  readonly [number: number]: Field;
}

/** Prometheus' staleness marker (a NaN with these bits), as bytes on the wire. */
const STALE_BYTES = "020000000000f07f";

/** Most messages in one payload: an empty message takes two bytes on the wire but an object in memory. */
const MAX_MESSAGES = 1_000_000;

/**
 * Reads a message into a plain object with the names of its JSON form. Missing fields stay undefined.
 *
 * 64-bit integers become doubles: a time in nanoseconds since 1970 is exact to a quarter of a microsecond.
 *
 * @throws {Error} Where the bytes are not such a message, or contain more than a million messages.
 */
export function readMessage(bytes: Uint8Array, fields: MessageFields): Record<string, unknown> {
  return new MessageReader(bytes).message(fields, bytes.length);
}

class MessageReader {
  readonly #bytes: Uint8Array;
  readonly #reader: BinaryReader;
  #messages = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#reader = new BinaryReader(bytes);
  }

  message(fields: MessageFields, end: number): Record<string, unknown> {
    const reader = this.#reader;
    if (++this.#messages > MAX_MESSAGES) throw new Error(`more than ${MAX_MESSAGES} messages`);
    if (end > reader.len) throw new Error("a message ends behind the payload");
    const result: Record<string, unknown> = {};
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const field = fields[number];
      if (field === undefined) reader.skip(wireType, number);
      else this.#field(field, wireType, result);
    }
    if (reader.pos !== end) throw new Error("a field ends behind its message");
    return result;
  }

  #field(field: Field, wireType: WireType, result: Record<string, unknown>): void {
    const { name, type, repeated } = field;
    const delimited = wireType === WireType.LengthDelimited;
    if (repeated === undefined) {
      if (delimited !== (type === "string" || typeof type === "object"))
        throw new Error(`${name} has another type`);
      result[name] = this.#value(type);
      return;
    }
    result[name] ??= [];
    const list = result[name] as unknown[];
    if (!delimited || type === "string" || typeof type === "object") {
      if (!delimited && typeof type === "object") throw new Error(`${name} has another type`);
      list.push(this.#value(type));
      return;
    }
    const end = this.#reader.uint32() + this.#reader.pos;
    if (end > this.#reader.len) throw new Error("a list ends behind the payload");
    while (this.#reader.pos < end) list.push(this.#value(type));
  }

  #value(type: Scalar | MessageFields): unknown {
    const reader = this.#reader;
    if (typeof type === "object") {
      const length = reader.uint32();
      return this.message(type, reader.pos + length);
    }
    switch (type) {
      case "double":
        return reader.double();
      case "marked":
        return this.#marked();
      case "string":
        return reader.string();
      case "bool":
        return reader.bool();
      case "uint":
        return Number(reader.uint64());
      case "int":
        return Number(reader.int64());
      case "sint":
        return Number(reader.sint64());
      case "fixed64":
        return Number(reader.fixed64());
      case "sfixed64":
        return Number(reader.sfixed64());
    }
  }

  /** Compares bytes, because the JavaScript engine may change the bits of a NaN. */
  #marked(): number | null {
    const value = this.#reader.double();
    if (!Number.isNaN(value)) return value;
    const { pos } = this.#reader;
    const written = Buffer.from(this.#bytes.subarray(pos - 8, pos)).toString("hex");
    return written === STALE_BYTES ? null : value;
  }
}
