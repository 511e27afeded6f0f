import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** A field of a message, by the numbers of opentelemetry-proto 1.5. */
export type Write = (writer: BinaryWriter) => void;

export const message =
  (number: number, ...fields: Write[]): Write =>
  (writer) => {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const field of fields) field(writer);
    writer.join();
  };
export const text =
  (number: number, value: string): Write =>
  (writer) =>
    void writer.tag(number, WireType.LengthDelimited).string(value);
export const double =
  (number: number, value: number): Write =>
  (writer) =>
    void writer.tag(number, WireType.Bit64).double(value);
export const fixed =
  (number: number, value: bigint | number): Write =>
  (writer) =>
    void writer.tag(number, WireType.Bit64).fixed64(value.toString());
export const varint =
  (number: number, value: number): Write =>
  (writer) =>
    void writer.tag(number, WireType.Varint).uint32(value);
export const zigzag =
  (number: number, value: number): Write =>
  (writer) =>
    void writer.tag(number, WireType.Varint).sint32(value);
/** A packed list of 64-bit numbers. */
export const packed =
  (number: number, values: readonly number[], kind: "fixed" | "double" | "varint"): Write =>
  (writer) => {
    writer.tag(number, WireType.LengthDelimited).fork();
    for (const value of values) {
      if (kind === "fixed") writer.fixed64(value);
      else if (kind === "double") writer.double(value);
      else writer.uint64(value);
    }
    writer.join();
  };
export const attribute = (number: number, key: string, value: string): Write =>
  message(number, text(1, key), message(2, text(1, value)));

export function bytesOf(...fields: Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fields) field(writer);
  return writer.finish();
}
