/** Says why bytes are not a valid snappy block. */
export class SnappyError extends Error {
  override readonly name = "SnappyError";
  /** True where the block declares more bytes than allowed. */
  readonly tooLarge: boolean;

  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

/**
 * Decompresses one snappy block (not the framed format), as remote write sends it.
 *
 * Own code: the JavaScript package reads past its input and accepts a block that ends early; the native package
 * consists of seventeen binaries.
 *
 * @param maxBytes Most bytes after decompression; a block that declares more is refused before memory is allocated.
 * @throws {SnappyError}
 * Source: snappy's format_description.txt.
 */
export function unpackSnappy(block: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new BlockReader(block);
  const length = reader.varint();
  if (length > maxBytes)
    throw new SnappyError(`unpacks to ${length} bytes, at most ${maxBytes}`, true);
  const out = new Uint8Array(length);
  let at = 0;
  while (!reader.done) {
    const tag = reader.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >>> 2;
      const count = (short < 60 ? short : reader.littleEndian(short - 59)) + 1;
      if (count > length - at) throw new SnappyError("holds more than it says");
      out.set(reader.take(count), at);
      at += count;
      continue;
    }
    const count = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset =
      kind === 1 ? ((tag >>> 5) << 8) | reader.byte() : reader.littleEndian(kind === 2 ? 2 : 4);
    if (offset === 0 || offset > at) throw new SnappyError("copies from before its start");
    if (count > length - at) throw new SnappyError("holds more than it says");
    // Byte by byte: source and target of a copy may overlap.
    for (const end = at + count; at < end; at++) out[at] = out[at - offset] as number;
  }
  if (at !== length) throw new SnappyError("holds less than it says");
  return out;
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new SnappyError("ends early");
    return byte;
  }

  littleEndian(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value += this.byte() * 2 ** (8 * i);
    return value;
  }

  varint(): number {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw new SnappyError("has no length");
  }

  take(count: number): Uint8Array {
    const from = this.#at;
    this.#at += count;
    if (this.#at > this.#bytes.length) throw new SnappyError("ends early");
    return this.#bytes.subarray(from, this.#at);
  }
}
