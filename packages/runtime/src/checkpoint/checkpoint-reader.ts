import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { RuntimeError } from "../errors.ts";
import {
  type CheckpointHeader,
  type CheckpointPart,
  CRC_BYTES,
  CrcChain,
  corrupt,
  decodeEnd,
  decodeHeader,
  decodeParts,
  decodePrologue,
  FRAME_HEAD_BYTES,
  FrameKind,
  PROLOGUE_BYTES,
} from "./checkpoint-format.ts";

const decompress = promisify(zstdDecompress);

/** Bytes that come in pieces of any size, to be taken in pieces of another. */
class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT where the bytes end before. */
  async take(count: number): Promise<Buffer> {
    while (this.#heldBytes < count)
      if (!(await this.#fill())) throw corrupt("it ends before its end");
    const all = this.#held.length === 1 ? (this.#held[0] as Uint8Array) : Buffer.concat(this.#held);
    this.#held = [all.subarray(count)];
    this.#heldBytes -= count;
    return Buffer.from(all.buffer, all.byteOffset, count);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#heldBytes === 0) if (!(await this.#fill())) return true;
    return false;
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#pieces.next();
    if (done) return false;
    this.#held.push(value);
    this.#heldBytes += value.length;
    return true;
  }
}

/** What a checkpoint must be of. */
export type ExpectedCheckpoint = Pick<CheckpointHeader, "service" | "partition" | "schema">;

/**
 * Reads what `CheckpointWriter` wrote.
 *
 * @returns Its header and its parts. The parts end without an error only where every byte was what was
 * written: until then whatever was made of them must not be used.
 * @throws {RuntimeError} MAPEK_CHECKPOINT_CORRUPT, MAPEK_CHECKPOINT_UNKNOWN_VERSION (of the format or of the state),
 * MAPEK_CHECKPOINT_FOREIGN (of another service or partition).
 */
export async function readCheckpoint(
  pieces: AsyncIterable<Uint8Array>,
  expected: ExpectedCheckpoint,
): Promise<{ header: CheckpointHeader; parts: AsyncGenerator<CheckpointPart> }> {
  const source = new ByteSource(pieces);
  const crc = new CrcChain();
  const prologue = await source.take(PROLOGUE_BYTES);
  const body = await source.take(decodePrologue(prologue));
  crc.update(prologue);
  crc.update(body);
  crc.expect(await source.take(CRC_BYTES));
  const header = decodeHeader(body);
  if (header.service !== expected.service || header.partition !== expected.partition)
    throw new RuntimeError(
      "MAPEK_CHECKPOINT_FOREIGN",
      `it is of partition ${header.partition} of ${header.service}, expected ${expected.partition} of ${expected.service}`,
    );
  if (header.schema !== expected.schema)
    throw new RuntimeError(
      "MAPEK_CHECKPOINT_UNKNOWN_VERSION",
      `state of schema ${header.schema}, this reader knows ${expected.schema}`,
    );
  return { header, parts: readParts(source, crc) };
}

async function* readParts(source: ByteSource, crc: CrcChain): AsyncGenerator<CheckpointPart> {
  let parts = 0;
  let through = 0;
  for (;;) {
    const head = await source.take(FRAME_HEAD_BYTES);
    const body = await source.take(head.readUInt32LE(1));
    crc.update(head);
    crc.update(body);
    crc.expect(await source.take(CRC_BYTES));
    const kind = head.readUInt8();
    if (kind === FrameKind.end) {
      const end = decodeEnd(body);
      if (end.parts !== parts || end.through !== through)
        throw corrupt("the last frame does not match those before it");
      if (!(await source.isAtEnd())) throw corrupt("something follows its end");
      return;
    }
    if (kind !== FrameKind.parts) throw corrupt(`a frame of kind ${kind}`);
    for (const part of decodeParts(await decompressed(body))) {
      parts++;
      through = part.seq;
      yield part;
    }
  }
}

async function decompressed(body: Uint8Array): Promise<Buffer> {
  try {
    return await decompress(body);
  } catch (cause) {
    throw corrupt((cause as Error).message, cause);
  }
}
